/** Names inside containers: zones, replicas, forwarding, and a service that wants port 53 for itself. */
import { createSocket, type Socket as Datagram } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RuntimeContainer } from '../../../src/runtime/index.ts';
import { eventually } from '../../support/eventually.ts';
import { RuntimeLab, unableReason } from './runtime-lab.ts';

const table = 'coracle-dns-test';
const bridge = {
  name: 'cor-dnstest',
  subnet: '10.251.77.0/24',
  subnet6: '',
  address: '10.251.77.1/24',
};
/** Loopback addresses of this machine that nothing else listens on. */
const upstream = '127.9.77.53';
const deadUpstream = '127.9.77.54';

describe('the resolver of a container', function () {
  this.timeout(20_000);
  let lab: RuntimeLab;

  before(function () {
    const reason = unableReason();
    if (reason !== undefined) {
      console.log(`      skipped: ${reason}`);
      this.skip();
    }
  });
  beforeEach(async () => {
    lab = new RuntimeLab();
    await lab.native.request('bridge.create', {
      table,
      ...bridge,
      address6: '',
      mtu: 1500,
      internal: false,
      isolated: false,
      masquerade: true,
      masquerade6: false,
    });
  });
  afterEach(async () => {
    await lab.removeContainers();
    await lab.native.request('bridge.delete', {
      table,
      name: bridge.name,
      subnet: bridge.subnet,
      subnet6: '',
    });
    lab.removeZones();
    await lab[Symbol.asyncDispose]();
  });

  function network(
    host: number,
    names: string[],
    upstreams: string[] = [],
  ): Partial<RuntimeContainer> {
    const endpoint = {
      network: 'test',
      link: 'veth',
      bridge: bridge.name,
      isolated: false,
      rules: null,
      extraAddresses: [],
      sysctls: [],
      address6: null,
      gateway6: null,
      hostName: `cvdnstest${host}`,
      interface: 'eth0',
      address: `10.251.77.${host}/24`,
      gateway: '10.251.77.1',
      mac: null,
      mtu: 1500,
      default: true,
      zone: join(lab.roots.run, 'networks/test/zone'),
      names,
    };
    return {
      network: {
        table,
        mode: 'bridge',
        endpoints: [endpoint],
        ports: [],
        resolver: { upstreams, hosts: [] },
        project: null,
      },
    };
  }

  const ask = (name: string, type = 'a') => `nslookup -type=${type} ${name} 127.0.0.11`;
  const addresses = (output: string) =>
    [...output.matchAll(/^Address: (10\.[\d.]+)$/gm)].map(([, address]) => address).sort();

  it('knows replicas, aliases and its own name, in any case', async () => {
    for (const host of [3, 4])
      await lab.start(lab.create('sleep 60', network(host, [`web-${host}`, 'web'])));
    const { output } = await lab.run(`${ask('WEB')}; ${ask('self')}`, network(5, ['self']));
    expect(addresses(output)).to.deep.equal(['10.251.77.3', '10.251.77.4', '10.251.77.5']);
  });

  it('forgets a name at its container’s end and learns a new one, without being told', async () => {
    const first = lab.create('sleep 60', network(3, ['db']));
    await lab.start(first);
    const watcher = lab.create(`while :; do ${ask('db')}; sleep 0.02; done`, network(5, ['self']));
    await lab.start(watcher);
    await eventually(async () =>
      expect(addresses(await lab.output(watcher))).to.include('10.251.77.3'),
    );
    await lab.native.control(lab.paths(first).run, { op: 'stop', timeoutMs: 0 });
    const before = (await lab.output(watcher)).length;
    await lab.start(lab.create('sleep 60', network(4, ['db'])));
    await eventually(async () => {
      const later = (await lab.output(watcher)).slice(before);
      expect(addresses(later)).to.include('10.251.77.4');
      expect(addresses(later.slice(-400))).to.not.include('10.251.77.3');
    });
  });

  it('asks the host’s resolvers for other names, the next where one is silent', async () => {
    const servers = await fakeUpstream();
    try {
      const { output } = await lab.run(
        ask('other.example'),
        network(5, ['self'], [deadUpstream, upstream]),
      );
      expect(addresses(output)).to.deep.equal(['10.7.7.7']);
    } finally {
      servers.udp.close();
      servers.tcp.close();
    }
  });

  it('carries a question by TCP through to the host’s resolver, also from a client that closes its side', async () => {
    const servers = await fakeUpstream();
    try {
      const query = Buffer.from(
        '001d123401000001000000000000056f74686572076578616d706c650000010001',
        'hex',
      );
      query.writeUInt16BE(query.length - 2, 0);
      const octal = [...query].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
      const script = `printf '${octal}' | nc -w 3 127.0.0.11 53 | busybox hexdump -v -e '1/1 "%02x "'`;
      const { output } = await lab.run(script, network(5, ['self'], [upstream]));
      expect(output).to.include('0a 07 07 07').and.include('12 34 81 80');
    } finally {
      servers.udp.close();
      servers.tcp.close();
    }
  });

  it('answers SERVFAIL where nobody can be asked', async () => {
    expect((await lab.run(ask('other.example'), network(5, ['self']))).output).to.include(
      'SERVFAIL',
    );
  });

  it('lets a service bind port 53 itself', async () => {
    const script = `nc -l -p 53 & nc -u -l -p 53 & sleep 0.2; ${ask('self')}; kill %1 %2`;
    const { output } = await lab.run(script, network(5, ['self']));
    expect(addresses(output)).to.deep.equal(['10.251.77.5']);
    expect(output).to.not.match(/in use/);
  });

  /** Answers every question for an address with 10.7.7.7; by TCP too. */
  async function fakeUpstream(): Promise<{ udp: Datagram; tcp: Server }> {
    const answer = (query: Buffer): Buffer => {
      const end = query.indexOf(0, 12) + 5;
      const reply = Buffer.concat([
        query.subarray(0, end),
        Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 7, 7, 7]),
      ]);
      reply.writeUInt16BE(0x8180, 2);
      reply.writeUInt16BE(1, 6);
      reply.writeUInt16BE(0, 10);
      return reply;
    };
    const udp = createSocket('udp4').bind(53, upstream);
    udp.on('message', (query, peer) => udp.send(answer(query), peer.port, peer.address));
    const tcp = createServer((socket) =>
      socket.on('data', (data: Buffer) => {
        const reply = answer(data.subarray(2));
        socket.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 255]), reply]));
      }),
    ).listen(53, upstream);
    await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
    return { udp, tcp };
  }
});
