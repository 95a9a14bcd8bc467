/** What a container's programs are told at 127.0.0.11, asked with dig. */
import { execFileSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';

/** Where systemd-resolved's stub listens. The resolver asks from the host's namespace, so that it reaches it. */
const UPSTREAM = '127.0.0.53';

const STACK = `
x-tools: &tools
  image: ${TOOLS_IMAGE}
  init: true
  stop_grace_period: 0s
services:
  asker:
    <<: *tools
    dns_search: [corp.example]
    dns_opt: [timeout:2, attempts:1]
    extra_hosts: ["gate=host-gateway", "fixed=10.9.8.7"]
  web:
    <<: *tools
    networks: {default: {aliases: [shop]}}
  db:
    <<: *tools
  late:
    <<: *tools
    profiles: [never]
  names:
    <<: *tools
    command: [/server]
    volumes: ["./server:/server:ro"]
    ports: ["127.0.0.1:15353:53/udp"]
networks:
  default: {enable_ipv6: true, ipam: {config: [{subnet: 10.66.0.0/24}, {subnet: "fd00:66::/64"}]}}
`;

/** A name server of somebody's own, at every address: 10.1.2.3 for whatever it is asked. */
const SERVER = `
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
int main(void) {
  static const unsigned char record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 1, 2, 3};
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(53)}, peer;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(fd, (struct sockaddr *)&any, sizeof any) < 0) return 1;
  for (;;) {
    unsigned char text[1024];
    socklen_t size = sizeof peer;
    long n = recvfrom(fd, text, 512, 0, (struct sockaddr *)&peer, &size), end = 12;
    while (end < n && text[end]) end += text[end] + 1;
    end += 5;
    text[2] = 0x85, text[3] = 0x80, text[7] = 1, text[11] = 0;
    memcpy(text + end, record, sizeof record);
    sendto(fd, text, end + sizeof record, 0, (struct sockaddr *)&peer, size);
  }
}
`;

describe('names inside containers', function () {
  this.timeout(60_000);
  let scenario: Scenario;
  let upstream: Socket;
  let folder: string;
  /** What the host's own name server was asked. */
  let asked: string[];

  before(async () => {
    await ensureToolsImage();
    folder = mkdtempSync(join(tmpdir(), 'coracle-dns-'));
    writeFileSync(join(folder, 'resolv.conf'), `nameserver ${UPSTREAM}\nsearch host.example\n`);
    execFileSync('mount', ['--bind', join(folder, 'resolv.conf'), '/etc/resolv.conf']);
    upstream = createSocket('udp4').bind(53, UPSTREAM);
    await once(upstream, 'listening');
    asked = [];
    upstream.on('message', (query, peer) => {
      asked.push(nameOf(query));
      upstream.send(answerTo(query), peer.port, peer.address);
    });
    scenario = Scenario.open('dns', { 'compose.yaml': STACK, 'server.c': SERVER });
    const [binary, source] = ['server', 'server.c'].map((name) => join(scenario.folder, name));
    execFileSync('gcc', ['-static', '-O1', '-o', `${binary}`, `${source}`]);
    await scenario.mustCompose('up', '-d');
  });

  after(async function () {
    try {
      await scenario.close(this.test as Mocha.Test);
    } finally {
      upstream.close();
      execFileSync('umount', ['/etc/resolv.conf']);
      rmSync(folder, { recursive: true });
    }
  });

  const inside = async (...args: string[]) =>
    (await scenario.mustCompose('exec', '-T', ...args)).stdout.trim();
  const dig = (...args: string[]) => inside('asker', 'dig', '+tries=1', '+timeout=3', ...args);
  const short = async (...args: string[]) => (await dig('+short', ...args)).split('\n').sort();
  const addressOf = (service: string) =>
    inside(service, 'sh', '-c', "ip -4 addr show eth0 | sed -n 's|.*inet \\([0-9.]*\\)/.*|\\1|p'");

  it('keep their letters in upper and lower case, in question and answer', async () => {
    const answer = await dig('+noall', '+question', '+answer', 'wEb');
    expect(answer.match(/^;?wEb\.\s/gm)).to.have.length(2);
    expect(answer).to.include(await addressOf('web'));
  });

  it('are aliases, container names and names with the project, too', async () => {
    const web = [await addressOf('web')];
    for (const name of ['shop', 'dns-web-1', 'web.dns'])
      expect(await short(name)).to.deep.equal(web);
  });

  it('have IPv6 addresses, and no denial where there is none', async () => {
    expect(await short('web', 'AAAA')).to.deep.equal([
      (await addressOf('web')).replace('10.66.0.', 'fd00:66::'),
    ]);
    const other = await dig('host.docker.internal', 'AAAA');
    expect(other).to.include('status: NOERROR').and.include('ANSWER: 0');
  });

  it('come back from addresses, and nobody else is asked about ours', async () => {
    const web = await addressOf('web');
    expect(await short('-x', web)).to.deep.equal(['dns-web-1.']);
    expect(await short('-x', web.replace('10.66.0.', 'fd00:66::'))).to.deep.equal(['dns-web-1.']);
    expect(await dig('-x', '10.66.0.77')).to.match(/status: NXDOMAIN[\s\S]*flags: qr aa/);
    expect(await dig('-x', 'fd00:66::77')).to.match(/status: NXDOMAIN[\s\S]*flags: qr aa/);
    expect(asked.join()).not.to.match(/66\.10\.in-addr|ip6\.arpa/);
  });

  it('speak EDNS version 0 and refuse another', async () => {
    expect(await dig('+bufsize=1232', 'web')).to.match(/EDNS: version: 0, flags:; udp: \d+/);
    expect(await dig('+noedns', 'web')).not.to.include('EDNS');
    expect(await dig('+edns=1', '+noednsnegotiation', 'web')).to.match(
      /status: BADVERS[\s\S]*EDNS: version: 0/,
    );
  });

  it('are answered by TCP, and cut with TC where an answer does not fit', async () => {
    const [network = ''] = readdirSync(join(scenario.roots.run, 'networks'));
    const zone = join(scenario.roots.run, 'networks', network, 'zone');
    for (let i = 1; i <= 60; i += 1) {
      writeFileSync(join(zone, `many${i}`), `address 10.66.1.${i}\nname many\n`);
    }
    try {
      expect(await dig('+tcp', 'web')).to.match(/ANSWER: 1,[\s\S]*\(TCP\)/);
      expect(await dig('+noedns', '+ignore', 'many')).to.match(/flags: qr aa tc/);
      expect(await dig('+noedns', 'many')).to.match(/ANSWER: 60,[\s\S]*\(TCP\)/);
      expect(await dig('+bufsize=4096', 'many')).to.match(/ANSWER: 60,[\s\S]*\(UDP\)/);
    } finally {
      for (let i = 1; i <= 60; i += 1) rmSync(join(zone, `many${i}`));
    }
  });

  it('of others are asked of the host’s server, also of a stub on its loopback', async () => {
    expect(await short('other.example')).to.deep.equal(['10.7.7.7']);
    expect(asked).to.include('other.example');
  });

  it('are searched for in the domains of the service, or of the host', async () => {
    expect(await short('+search', '+ndots=1', 'printer')).to.deep.equal(['10.7.7.7']);
    expect(await inside('asker', 'cat', '/etc/resolv.conf')).to.equal(
      'nameserver 127.0.0.11\nsearch corp.example\noptions timeout:2 attempts:1 ndots:0',
    );
    expect(await inside('web', 'cat', '/etc/resolv.conf')).to.match(/^search host\.example$/m);
  });

  it('of containers that do not run are denied, and nobody else is asked', async () => {
    for (const [how, state] of [
      [['stop', 'db'], 'stopped'],
      [['kill', 'db'], 'killed'],
    ] as const) {
      await scenario.mustCompose(...how);
      for (const name of ['db', 'DB', 'dns-db-1', 'db.dns']) {
        expect(await dig(name), `${name} ${state}`).to.match(/status: NXDOMAIN[\s\S]*flags: qr aa/);
      }
      expect(await dig('db', 'AAAA')).to.match(/status: NXDOMAIN/);
      await scenario.mustCompose('start', 'db');
      await eventually(async () =>
        expect(await short('db')).to.deep.equal([await addressOf('db')]),
      );
    }
    await scenario.mustCompose('create', 'late');
    expect(await dig('late')).to.match(/status: NXDOMAIN[\s\S]*flags: qr aa/);
    expect(asked.join()).not.to.match(/\b(db|late)\b/i);
    await scenario.mustCompose('rm', '-f', '-s', 'late');
    expect(await short('late')).to.deep.equal(['10.7.7.7']);
  });

  it('lead to the host, by extra_hosts and by Docker Desktop’s name', async () => {
    expect(await inside('asker', 'cat', '/etc/hosts'))
      .to.match(/^10\.66\.0\.1\s+gate$/m)
      .and.match(/^10\.9\.8\.7\s+fixed$/m);
    expect(await short('host.docker.internal')).to.deep.equal(['10.66.0.1']);
  });

  it('are served by a container that is a name server itself, at every address, and it has its own', async () => {
    const names = await addressOf('names');
    expect(await short(`@${names}`, 'far.example')).to.deep.equal(['10.1.2.3']);
    const host = execFileSync('dig', [
      '+short',
      '+tries=1',
      '-p',
      '15353',
      '@127.0.0.1',
      'far.example',
    ]);
    expect(host.toString().trim()).to.equal('10.1.2.3');
    expect(await inside('names', 'dig', '+short', 'web')).to.equal(await addressOf('web'));
  });
});

describe('a network that two projects share', function () {
  this.timeout(60_000);
  let scenario: Scenario;

  before(ensureToolsImage);
  afterEach(async function () {
    for (const project of ['one', 'two'])
      await scenario.compose(['-p', project, 'down', '-t', '0']);
    await scenario.coracle('network', 'rm', 'shared');
    await scenario.close(this.currentTest);
  });

  it('gives each of them its own service of a name that both have, and the other’s by the project', async () => {
    scenario = Scenario.open('shared', {
      'compose.yaml': `services: {web: {image: ${TOOLS_IMAGE}, init: true}}\nnetworks: {default: {external: true, name: shared}}\n`,
    });
    await scenario.coracle('network', 'create', 'shared');
    for (const project of ['one', 'two']) await scenario.mustCompose('-p', project, 'up', '-d');
    const ask = async (project: string, name: string) =>
      (
        await scenario.mustCompose('-p', project, 'exec', '-T', 'web', 'dig', '+short', name)
      ).stdout.trim();
    const one = await ask('one', 'one-web-1');
    const two = await ask('one', 'two-web-1');
    expect(one).to.match(/^10\./).and.not.to.equal(two);
    for (const [project, own, other, its] of [
      ['one', one, 'two', two],
      ['two', two, 'one', one],
    ] as const) {
      expect(await ask(project, 'web')).to.equal(own);
      expect(await ask(project, `web.${other}`)).to.equal(its);
    }
  });
});

/** The name of a query's question. */
function nameOf(query: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; query[at]; at += 1 + (query[at] ?? 0)) {
    labels.push(query.subarray(at + 1, at + 1 + (query[at] ?? 0)).toString());
  }
  return labels.join('.');
}

/** 10.7.7.7 for every name but `printer`, which is in a search domain alone. */
function answerTo(query: Buffer): Buffer {
  const end = query.indexOf(0, 12) + 5;
  const known = nameOf(query) !== 'printer';
  const reply = Buffer.concat([
    query.subarray(0, end),
    known ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 7, 7, 7]) : Buffer.alloc(0),
  ]);
  reply.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
  reply.writeUInt16BE(known ? 1 : 0, 6);
  reply.writeUInt16BE(0, 10);
  return reply;
}
