/** Beside firewalls that refuse what they do not know: ufw and firewalld as they are installed, and rules of an administrator's own. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { Namespace } from '../support/net-lab.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';

const STACK = `services:
  web:
    image: ${TOOLS_IMAGE}
    init: true
    stop_grace_period: 0s
    command: [sh, -c, 'echo web > /tmp/index.html; exec httpd -f -p 80 -h /tmp']
    ports: ["18081:80"]
`;
const OUTSIDE = '198.51.100.2';
const GET = String.raw`printf 'GET /who HTTP/1.0\r\n\r\n' | nc -w 1 ${OUTSIDE} 7001 | tail -n 1`;

describe('a stack on a host with another firewall', function () {
  this.timeout(120_000);
  let outside: Namespace;
  let folder: string;
  let scenario: Scenario;
  let children: ChildProcess[];
  let covered: string[];

  before(ensureToolsImage);

  beforeEach(async () => {
    children = [];
    covered = [];
    folder = mkdtempSync(join(tmpdir(), 'coracle-outside-'));
    writeFileSync(join(folder, 'who'), 'outside\n');
    outside = new Namespace();
    ip('link', 'add', 'ext', 'type', 'veth', 'peer', 'name', 'eth0');
    ip('link', 'set', 'eth0', 'netns', outside.path.split('/')[2] ?? '');
    ip('addr', 'add', '198.51.100.1/24', 'dev', 'ext');
    ip('link', 'set', 'ext', 'up');
    outside.run('ip', 'addr', 'add', `${OUTSIDE}/24`, 'dev', 'eth0');
    outside.run('ip', 'link', 'set', 'eth0', 'up');
    children.push(outside.spawn('busybox', ['httpd', '-f', '-p', '7001', '-h', folder]));
    scenario = Scenario.open('beside', { 'compose.yaml': STACK });
  });

  afterEach(async function () {
    for (const child of children.reverse()) await end(child);
    // What the others have made. The stack's own comes back, for `down` to remove.
    execFileSync('nft', ['flush', 'ruleset']);
    try {
      await scenario.close(this.currentTest);
    } finally {
      outside.end();
      rmSync(folder, { recursive: true });
      spawnSync('ip', ['link', 'del', 'ext']);
      for (const path of covered) execFileSync('umount', ['--lazy', path]);
    }
  });

  /** What is written there is gone with the test. */
  function cover(path: string): void {
    const copy = mkdtempSync(join(tmpdir(), 'coracle-etc-'));
    execFileSync('cp', ['-a', `${path}/.`, copy]);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path]);
    covered.push(path);
    execFileSync('cp', ['-a', `${copy}/.`, path]);
    rmSync(copy, { recursive: true });
  }

  const up = async () => (await scenario.mustCompose('up', '-d')).stderr;
  const fromInside = async () =>
    (await scenario.compose(['exec', '-T', 'web', 'sh', '-c', GET])).stdout.trim();
  const fromOutside = () => {
    try {
      return outside.run('curl', '-s', '-m', '1', 'http://198.51.100.1:18081/').trim();
    } catch {
      return '';
    }
  };
  const expectTraffic = () =>
    eventually(async () => {
      expect(fromOutside()).to.equal('web');
      expect(await fromInside()).to.equal('outside');
    });

  it('is told by up and by doctor who refuses, until its bridges are accepted', async () => {
    nft(
      'add table inet guard; add chain inet guard forward { type filter hook forward priority 0; policy drop; }',
    );
    expect(await up()).to.match(
      /WARN: network "beside_default": the firewall of this host keeps its packets back \(table inet guard, chain forward\)/,
    );
    expect(fromOutside()).to.equal('');
    const doctor = () => scenario.coracle('doctor');
    expect((await doctor()).stdout).to.match(
      /^WARN {2}firewall: table inet guard, chain forward refuses.*\n {6}Accept our bridges there: iifname "cor-\*" accept/m,
    );
    nft(
      'add rule inet guard forward iifname "cor-*" accept; add rule inet guard forward oifname "cor-*" accept',
    );
    await expectTraffic();
    expect((await doctor()).stdout).to.match(/^ok {4}firewall: nothing stands in the way/m);
    expect((await scenario.mustCompose('up', '-d', '--force-recreate')).stderr).not.to.include(
      'WARN',
    );
  });

  it('works with ufw, before and after a reload, and heeds what ufw denies', async function () {
    if (!existsSync('/usr/sbin/ufw')) return skip(this, 'ufw');
    cover('/etc/ufw');
    const ufw = (...args: string[]) => execFileSync('ufw', args, { stdio: 'pipe' });
    await up();
    ufw('--force', 'enable');
    try {
      await expectTraffic();
      ufw('default', 'reject', 'routed');
      await expectTraffic();
      ufw('reload');
      await expectTraffic();
      ufw('route', 'deny', 'in', 'on', 'ext', 'to', 'any', 'port', '80', 'proto', 'tcp');
      expect(fromOutside()).to.equal('');
      expect(await fromInside()).to.equal('outside');
    } finally {
      ufw('--force', 'disable');
    }
  });

  it('works with firewalld, before and after a reload', async function () {
    if (!existsSync('/usr/sbin/firewalld')) return skip(this, 'firewalld');
    cover('/etc/firewalld');
    cover('/run');
    execFileSync('mkdir', ['-p', '/run/dbus']);
    children.push(
      spawn('dbus-daemon', ['--system', '--nofork', '--nopidfile'], { stdio: 'ignore' }),
    );
    await eventually(() => expect(existsSync('/run/dbus/system_bus_socket')).to.equal(true));
    children.push(spawn('/usr/sbin/firewalld', ['--nofork', '--nopid'], { stdio: 'ignore' }));
    await eventually(() => execFileSync('firewall-cmd', ['--state'], { stdio: 'pipe' }), 30_000);
    await up();
    await expectTraffic();
    execFileSync('firewall-cmd', ['--reload'], { stdio: 'pipe' });
    await expectTraffic();
  });
});

function ip(...args: string[]): void {
  execFileSync('ip', args);
}

function nft(commands: string): void {
  execFileSync('nft', ['-f', '-'], { input: `${commands.replaceAll('; add', '\nadd')}\n` });
}

function skip(test: Mocha.Context, program: string): void {
  console.log(`      skipped: ${program} is not installed`);
  test.skip();
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
