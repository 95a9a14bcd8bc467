import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  findPortOwner,
  hostResolvConf,
  hostSubnets,
  nftTable,
  parseHostPort,
  parseNetworkMode,
  portTaken,
} from '../../../src/network/index.ts';
import { formatSubnet } from '../../../src/network/ipv4.ts';

describe('subnets of the host', () => {
  const routes = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'tun0\t0000C80A\t00000000\t0001\t0\t0\t0\t0000F8FF\t0\t0\t0',
    'cor-1a2b3c4d\t0000C90A\t00000000\t0001\t0\t0\t0\tC0FFFFFF\t0\t0\t0',
  ].join('\n');
  const inet = (cidr: string) => ({
    address: '',
    netmask: '',
    family: 'IPv4' as const,
    mac: '',
    internal: false,
    cidr,
  });

  it('are its routes but the default one, and its interfaces, but not our own bridges', () => {
    const interfaces = { wg0: [inet('10.66.0.2/24')], 'cor-1a2b3c4d': [inet('10.201.0.1/26')] };
    const taken = hostSubnets(routes, interfaces, new Set(['cor-1a2b3c4d']));
    expect(taken.map(({ subnet, owner }) => `${formatSubnet(subnet)} ${owner}`)).to.deep.equal([
      '10.0.2.0/24 a route of interface eth0',
      '10.200.0.0/13 a route of interface tun0',
      '10.66.0.0/24 the address of interface wg0',
    ]);
  });
});

describe('resolv.conf of the host', () => {
  const stub = '# systemd\nnameserver 127.0.0.53\noptions edns0\nsearch example.org\n';

  it('is /etc/resolv.conf', () => {
    expect(hostResolvConf(() => 'nameserver 192.0.2.53\n')).to.equal('nameserver 192.0.2.53\n');
    expect(hostResolvConf(() => undefined)).to.equal('');
  });

  it('is the list behind systemd-resolved’s stub', () => {
    const files = new Map([
      ['/etc/resolv.conf', stub],
      ['/run/systemd/resolve/resolv.conf', 'nameserver 192.0.2.54\n'],
    ]);
    expect(hostResolvConf((path) => files.get(path))).to.equal('nameserver 192.0.2.54\n');
    files.delete('/run/systemd/resolve/resolv.conf');
    expect(hostResolvConf((path) => files.get(path))).to.equal(stub);
  });
});

describe('network modes', () => {
  it('are read as Docker reads them', () => {
    expect(parseNetworkMode('')).to.deep.equal({ kind: 'default' });
    expect(parseNetworkMode('bridge')).to.deep.equal({ kind: 'default' });
    expect(parseNetworkMode('host')).to.deep.equal({ kind: 'host' });
    expect(parseNetworkMode('none')).to.deep.equal({ kind: 'none' });
    expect(parseNetworkMode('service:db')).to.deep.equal({ kind: 'service', service: 'db' });
    expect(parseNetworkMode('container:ab')).to.deep.equal({ kind: 'container', container: 'ab' });
    expect(parseNetworkMode('shop')).to.deep.equal({ kind: 'network', network: 'shop' });
  });
});

describe('tables of nf_tables', () => {
  it('differ where run folders differ', () => {
    expect(nftTable('/run/coracle')).to.equal('coracle');
    expect(nftTable('/tmp/a')).to.match(/^coracle-[0-9a-f]{8}$/);
    expect(nftTable('/tmp/a')).not.to.equal(nftTable('/tmp/b'));
  });
});

describe('owners of ports', () => {
  let proc: string;

  beforeEach(() => {
    proc = mkdtempSync(join(tmpdir(), 'coracle-proc-'));
    mkdirSync(join(proc, 'net'));
    mkdirSync(join(proc, '4242', 'fd'), { recursive: true });
    writeFileSync(join(proc, '4242', 'comm'), 'node\n');
    symlinkSync('socket:[777]', join(proc, '4242', 'fd', '18'));
  });
  afterEach(() => rmSync(proc, { recursive: true }));

  const head =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const line = (local: string, state: string, inode: number) =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0\n`;
  const tcp = { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 3000 } as const;

  it('are processes that listen', () => {
    writeFileSync(
      join(proc, 'net', 'tcp'),
      head + line('0100007F:0BB8', '01', 700) + line('0100007F:0BB8', '0A', 777),
    );
    const owner = findPortOwner(tcp, [], proc);
    expect(owner).to.deep.equal({ kind: 'process', pid: 4242, command: 'node' });
    expect(portTaken(tcp, owner)).to.include({
      code: 'PORT_ALREADY_ALLOCATED',
      message: 'port 0.0.0.0:3000/tcp is already in use by "node" (pid 4242)',
    });
  });

  it('may listen on both families at once', () => {
    writeFileSync(join(proc, 'net', 'tcp6'), head + line(`${'0'.repeat(32)}:0BB8`, '0A', 777));
    expect(findPortOwner(tcp, [], proc)).to.include({ pid: 4242 });
  });

  it('do not stand in the way on another address', () => {
    writeFileSync(join(proc, 'net', 'tcp'), head + line('0100007F:0BB8', '0A', 777));
    const elsewhere = { ...tcp, hostIp: '192.0.2.1' };
    expect(findPortOwner(elsewhere, [], proc)).to.equal(undefined);
    expect(portTaken(elsewhere, undefined).message).to.equal(
      'port 192.0.2.1:3000/tcp is already in use',
    );
  });

  it('are UDP sockets too', () => {
    writeFileSync(join(proc, 'net', 'udp'), head + line('00000000:0035', '07', 777));
    const port = { protocol: 'udp', hostIp: '127.0.0.1', hostPort: 53 } as const;
    expect(findPortOwner(port, [], proc)).to.include({ pid: 4242 });
  });

  it('are our own containers first, with their project', () => {
    const containers = [{ name: 'shop-web-1', project: 'shop', ports: [tcp] }];
    const owner = findPortOwner({ ...tcp, hostIp: '127.0.0.1' }, containers, proc);
    const error = portTaken(tcp, owner);
    expect(error.message).to.equal(
      'port 0.0.0.0:3000/tcp is already in use by container "shop-web-1" of project "shop"',
    );
    expect(error.hint).to.include('compose -p shop down');
  });

  it('are looked up by the native side’s names of ports', () => {
    expect(parseHostPort('tcp/0.0.0.0:3000')).to.deep.equal(tcp);
    expect(parseHostPort('udp/[::1]:53')).to.deep.equal({
      protocol: 'udp',
      hostIp: '::1',
      hostPort: 53,
    });
    for (const text of ['', 'tcp/x:1', '/sys/class', 'sctp/1.2.3.4:5']) {
      expect(parseHostPort(text), text).to.equal(undefined);
    }
  });
});
