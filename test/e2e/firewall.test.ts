/** The host's packet filter is not ours alone: whatever others do to it, running containers keep their networks and ports. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';

/** Every kind of element that a network or a port has in our table. */
const STACK = `
x-server: &server
  image: ${TOOLS_IMAGE}
  init: true
  stop_grace_period: 0s
  command: [sh, -c, 'hostname > /tmp/index.html; exec httpd -f -p 80 -h /tmp']
services:
  web:
    <<: *server
    hostname: web
    ports: ["127.0.0.1:18080:80", "18081:80", "[::]:18082:80", "15353:53/udp"]
    networks: [front, back]
  apart:
    <<: *server
    hostname: apart
    ports: ["18083:80"]
    networks: [apart]
networks:
  front: {enable_ipv6: true, driver_opts: {com.docker.network.bridge.gateway_mode_ipv6: routed}}
  back: {internal: true}
  apart: {driver_opts: {com.docker.network.bridge.enable_icc: "false", com.docker.network.bridge.enable_ip_masquerade: "false"}}
`;

/** What a distribution's nftables.service loads, anew at every restart. */
const RULES = `flush ruleset
table inet filter {
  chain input { type filter hook input priority filter; policy accept; }
  chain forward { type filter hook forward priority filter; policy accept; }
}
`;

describe('beside others who change the packet filter', function () {
  this.timeout(60_000);
  let scenario: Scenario;
  let table: string;
  let whole: unknown[];

  before(async () => {
    await ensureToolsImage();
    scenario = Scenario.open('firewall', { 'compose.yaml': STACK });
    await scenario.mustCompose('up', '-d');
    await eventually(() => answers());
    table = /table inet (coracle\S*)/.exec(nft('list', 'tables'))?.[1] ?? '';
    whole = content();
    expect(JSON.stringify(whole)).to.include('18083').and.include('masquerade');
  });

  after(async function () {
    nft('flush', 'ruleset');
    await scenario.close(this.test as Mocha.Test);
  });

  /** Every rule and element; order and handles aside. */
  function content(): unknown[] {
    const listed = JSON.parse(nft('-j', 'list', 'table', 'inet', table)) as { nftables: object[] };
    return listed.nftables
      .flatMap((entry) => {
        const { set, map } = entry as Record<string, { name: string; elem?: unknown[] }>;
        const many = set ?? map;
        return many === undefined
          ? [entry]
          : (many.elem ?? []).map((element) => [many.name, element]);
      })
      .map((entry) => JSON.stringify(entry, (key, value) => (key === 'handle' ? 0 : value)))
      .sort();
  }

  async function answers(): Promise<void> {
    expect(await ask(18080)).to.equal('web');
    expect(await ask(18081)).to.equal('web');
    expect(await ask(18083)).to.equal('apart');
  }

  /** All that was there is there again, and works. */
  const expectWhole = () =>
    eventually(async () => {
      expect(content()).to.deep.equal(whole);
      await answers();
    });

  it('brings everything back after nft flush ruleset', async () => {
    nft('flush', 'ruleset');
    await expectWhole();
  });

  it('brings everything back after its table was deleted', async () => {
    nft('delete', 'table', 'inet', table);
    await expectWhole();
  });

  it('brings the rules back after its table was emptied of them', async () => {
    nft('flush', 'table', 'inet', table);
    await expectWhole();
  });

  it('stays beside the rules of an nftables.service that is restarted', async () => {
    const file = join(scenario.folder, 'nftables.conf');
    writeFileSync(file, RULES);
    nft('flush', 'ruleset');
    nft('-f', file);
    await expectWhole();
    expect(nft('list', 'tables')).to.include('table inet filter');
  });

  it('is right after fifty flushes in a row', async () => {
    for (let i = 0; i < 50; i += 1) nft('flush', 'ruleset');
    await expectWhole();
  });

  it('brings nothing back of what was stopped', async () => {
    await scenario.mustCompose('stop', 'apart');
    nft('flush', 'ruleset');
    await eventually(async () => expect(await ask(18080)).to.equal('web'));
    expect(nft('list', 'table', 'inet', table)).not.to.include('18083');
    await scenario.mustCompose('start', 'apart');
    await expectWhole();
  });

  it('keeps out the same packets as before', async () => {
    const { stdout } = await scenario.coracle(
      ...['inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}'],
      'firewall-web-1',
    );
    const address = /^10\.[\d.]+/.exec(stdout)?.[0] ?? expect.fail(stdout);
    const get = [
      'sh',
      '-c',
      `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 1 ${address} 80 | tail -n 1`,
    ];
    expect((await scenario.compose(['exec', '-T', 'web', ...get])).stdout).to.equal('web\n');
    expect((await scenario.compose(['exec', '-T', 'apart', ...get])).stdout).to.equal('');
  });

  it('passes a DROP policy that iptables gets while containers run, and takes its rules along at the end', async function () {
    try {
      execFileSync('iptables', ['-P', 'FORWARD', 'DROP']);
    } catch {
      this.skip();
    }
    const rules = () => execFileSync('iptables', ['-S', 'FORWARD']).toString();
    await eventually(() => expect(rules().match(/cor-/g)).to.have.length(2));
    execFileSync('iptables', ['-F', 'FORWARD']);
    await eventually(() => expect(rules().match(/cor-/g)).to.have.length(2));
    await scenario.mustCompose('down', '-t', '0');
    expect(rules()).not.to.include('cor-');
  });
});

function nft(...args: string[]): string {
  return execFileSync('nft', args).toString();
}

async function ask(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2000) });
  return (await response.text()).trim();
}
