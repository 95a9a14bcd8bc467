/** What a reboot leaves, and what the unit of `coracle system enable` makes of it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ContainerState } from '../support/container-state.ts';
import { eventually } from '../support/eventually.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';

const STACK = `
x-base: &base {image: ${TOOLS_IMAGE}, init: true, command: ["sleep", "infinity"], stop_grace_period: 1s}
services:
  db:
    <<: *base
    restart: always
    command: ["sh", "-c", "sleep 0.3; touch /run/ready; exec sleep infinity"]
    tmpfs: /run
    healthcheck: {test: ["CMD", "test", "-e", "/run/ready"], interval: 100ms, retries: 50}
  web: {<<: *base, restart: unless-stopped, depends_on: {db: {condition: service_healthy}}}
  stopped: {<<: *base, restart: unless-stopped}
  done: {<<: *base, restart: on-failure, command: ["true"]}
  once: {<<: *base}
`;

describe('a reboot', function () {
  this.timeout(60_000);
  let scenario: Scenario;

  before(async () => {
    await ensureToolsImage();
    scenario = Scenario.open('boot', { 'compose.yaml': STACK });
  });
  after(async function () {
    await scenario.close(this.test?.parent?.tests.find((test) => test.state === 'failed'));
  });

  const running = async () =>
    (await scenario.mustCompose('ps', '--services', '--status', 'running')).stdout
      .split('\n')
      .filter((line) => line !== '')
      .sort();

  it('must bring back what the restart policies want, in the order of depends_on', async () => {
    await scenario.mustCompose('up', '-d');
    await scenario.mustCompose('stop', 'stopped');
    await eventually(async () => expect(scenario.state('boot-done-1').status).to.equal('exited'));
    await powerCut(scenario);
    expect(await running()).to.deep.equal([]);
    const { stdout } = await scenario.mustCompose('ps', '-a', '--format', 'json');
    const exits = Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { Service: string; ExitCode: number })
        .map(({ Service, ExitCode }) => [Service, ExitCode]),
    );
    expect(exits).to.include({ db: 255, web: 255, once: 255, done: 0 });

    const started = await scenario.coracle('system', 'start');
    expect(started.code, started.stderr).to.equal(0);
    expect(await running()).to.deep.equal(['db', 'web']);
    const { startedAt: webAt } = fullState('boot-web-1');
    const { health } = fullState('boot-db-1');
    const healthy = health?.log.find(({ exitCode }) => exitCode === 0);
    expect(healthy && healthy.end <= webAt, `${healthy?.end} before ${webAt}`).to.equal(true);
    // What runs is left alone.
    const again = await scenario.coracle('system', 'start');
    expect([again.code, again.stdout, again.stderr]).to.deep.equal([0, '', '']);
  });

  it('must bring back after a shutdown what ran before it', async () => {
    const stopped = await scenario.coracle('system', 'stop');
    expect(stopped.code, stopped.stderr).to.equal(0);
    expect(stopped.stderr.indexOf('boot-web-1')).to.be.lessThan(
      stopped.stderr.indexOf('boot-db-1'),
    );
    expect(await running()).to.deep.equal([]);
    await powerCut(scenario);
    expect((await scenario.coracle('system', 'start')).code).to.equal(0);
    expect(await running()).to.deep.equal(['db', 'web']);
  });

  it('must bring back containers that were made without compose', async () => {
    const run = await scenario.coracle(
      ...[
        'run',
        '-d',
        '--init',
        '--name',
        'alone',
        '--restart',
        'always',
        TOOLS_IMAGE,
        'sleep',
        'infinity',
      ],
    );
    expect(run.code, run.stderr).to.equal(0);
    await powerCut(scenario);
    expect((await scenario.coracle('system', 'start')).code).to.equal(0);
    expect(scenario.state('alone').status).to.equal('running');
    expect((await scenario.coracle('rm', '-f', 'alone')).code).to.equal(0);
  });

  it('must start the others where one cannot be started', async () => {
    await scenario.mustCompose('up', '-d');
    await powerCut(scenario);
    rmSync(join(scenario.roots.data, 'containers', fullState('boot-db-1').id, 'config.json'));
    const started = await scenario.coracle('system', 'start');
    expect(started.code).to.equal(1);
    expect(started.stderr).to.match(/boot-db-1/);
    await scenario.mustCompose('rm', '-f', 'db');
  });

  it('enable must install a unit that systemd takes, disable must remove it', async () => {
    const root = mkdtempSync(join(tmpdir(), 'coracle-root-'));
    try {
      const unit = join(root, 'etc/systemd/system/coracle.service');
      const enabled = await scenario.coracle('system', 'enable', '--root', root);
      expect(enabled, enabled.stderr).to.include({ code: 0, stdout: `${unit}\n` });
      const text = readFileSync(unit, 'utf8');
      expect(text).to.match(/^ExecStart=\/.*coracle\.cjs system start$/m);
      expect(text).to.contain(`Environment=CORACLE_DATA=${scenario.roots.data}\n`);
      expect(existsSync(join(root, 'etc/systemd/system/multi-user.target.wants/coracle.service')));
      const verify = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
      if (verify.error === undefined) expect(verify.stderr).not.to.contain('coracle.service:');
      const disabled = await scenario.coracle('system', 'disable', '--root', root);
      expect(disabled.stdout).to.equal(`removed ${unit}\n`);
      expect(existsSync(unit)).to.equal(false);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  function fullState(name: string): ContainerState & {
    startedAt: string;
    health: { log: { end: string; exitCode: number }[] } | null;
  } {
    return scenario.state(name) as ReturnType<typeof fullState>;
  }
});

/** Takes away, at once, all that a machine loses with its power: processes, cgroups, network devices and rules, the run folder. */
async function powerCut({ roots }: Scenario): Promise<void> {
  const folder = join(roots.run, 'containers');
  for (const id of existsSync(folder) ? readdirSync(folder) : []) {
    const { shimPid } = JSON.parse(readFileSync(join(folder, id, 'state.json'), 'utf8'));
    // A container dies with its shim.
    if (existsSync(`/proc/${shimPid}`)) process.kill(shimPid, 'SIGKILL');
    const parents = ['', ...readdirSync('/sys/fs/cgroup')];
    const groups = parents.map((parent) => join('/sys/fs/cgroup', parent, 'coracle', id));
    await eventually(async () => {
      for (const group of groups) if (existsSync(group)) rmdirSync(group);
    });
  }
  rmSync(roots.run, { recursive: true });
  execFileSync('nft', ['flush', 'ruleset']);
  const links = JSON.parse(
    execFileSync('ip', ['-j', 'link', 'show', 'type', 'bridge'], { encoding: 'utf8' }),
  );
  for (const { ifname } of links) execFileSync('ip', ['link', 'del', ifname]);
}
