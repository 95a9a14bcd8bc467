import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { containerPaths } from '../../../src/state/index.ts';
import { eventually } from '../../support/eventually.ts';
import { EngineLab, failure, image } from './engine-lab.ts';

describe('a container under supervision', () => {
  const lab = new EngineLab();
  const { engine } = lab;
  before(() => lab.open());
  afterEach(() => lab.expectClean());
  after(() => lab.close());

  const stateOf = async (name: string) => (await engine.getContainer(name).inspect()).State;

  it('is started again by its policy when its process is killed, and not when it is stopped', async () => {
    const container = await lab.run('again', { HostConfig: { RestartPolicy: { Name: 'always' } } });
    const { Pid } = await stateOf('again');
    process.kill(Pid, 'SIGKILL');
    await eventually(async () => {
      const info = await container.inspect();
      expect(info.State.Status).to.equal('running');
      expect(info.State.Pid).not.to.equal(Pid);
      expect(info.RestartCount).to.equal(1);
    }, 5000);
    await container.stop();
    await sleep(300);
    expect((await stateOf('again')).Status).to.equal('exited');
  });

  it('gives up after so many failures', async () => {
    const container = await lab.run('fails', {
      Cmd: ['sh', '-c', 'exit 5'],
      HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } },
    });
    expect(await container.wait()).to.deep.equal({ StatusCode: 5 });
    const info = await container.inspect();
    expect(info.RestartCount).to.equal(2);
    expect(info.State).to.include({ Status: 'exited', ExitCode: 5 });
  });

  it('says that it is in a crash loop, and why', async () => {
    const container = await lab.run('loops', {
      Cmd: ['sh', '-c', 'echo "Error: no such \x1b[31mdatabase"; echo bye; exit 3'],
      HostConfig: { RestartPolicy: { Name: 'always' } },
    });
    const status = async () => (await engine.listContainers({ all: true }))[0]?.Status;
    await eventually(async () => {
      expect(await status()).to.match(
        /^Restarting \(3\) .* ago \(crash loop, \d+ runs: Error: no such database\)$/,
      );
    }, 5000);
    const { State } = (await container.inspect()) as { State: { CrashLoop?: { Runs: number } } };
    expect(State.CrashLoop).to.deep.include({ GaveUp: false, LastLine: 'Error: no such database' });
    expect(State.CrashLoop?.Runs).to.be.at.least(3);
    await container.stop();
    expect(await status()).to.match(/^Exited \(3\) .* ago$/);
  });

  it('says that its policy gave up', async () => {
    const container = await lab.run('over', {
      Cmd: ['sh', '-c', 'echo cannot start >&2; exit 5'],
      HostConfig: { RestartPolicy: { Name: 'always', MaxAttempts: 1, Delay: 0 } as never },
    });
    await container.wait();
    const [listed] = await engine.listContainers({ all: true });
    expect(listed?.Status).to.match(/^Exited \(5\) .* ago \(gave up, 2 runs: cannot start\)$/);
  });

  it('tells each thing that happens to it once, in Docker’s order', async () => {
    const container = await lab.run('events');
    await container.restart();
    await container.pause();
    await container.unpause();
    // A signal that ends nothing: by its default it is ignored.
    await container.kill({ signal: 'SIGWINCH' });
    await container.stop();
    const past: string[] = [];
    const options = { filters: { container: ['events'] }, past: true, follow: false };
    for await (const { Action, Actor } of engine.events(options)) {
      past.push(Action);
      expect(Actor.Attributes.image, Action).to.equal(image);
    }
    const restart = ['kill', 'die', 'stop', 'start', 'restart'];
    const rest = ['pause', 'unpause', 'kill', 'kill', 'die', 'stop'];
    expect(past).to.deep.equal(['create', 'start', ...restart, ...rest]);
  });

  it('tells its health, and wakes those who wait for it', async () => {
    await lab.run('health', {
      Healthcheck: { Test: ['CMD-SHELL', 'test -e /ok'], Interval: 50e6, Timeout: 1e9, Retries: 2 },
    });
    expect((await engine.listContainers())[0]?.Status).to.match(
      /\((health: starting|unhealthy)\)$/,
    );
    expect(await engine.waitHealth('health')).to.deep.equal({ status: 'unhealthy' });
    expect((await stateOf('health')).Health).to.deep.include({ Status: 'unhealthy' });
    await lab.sh('health', 'touch /ok');
    await eventually(async () => {
      expect((await engine.listContainers({ filters: { health: ['healthy'] } })).length).to.equal(
        1,
      );
    }, 3000);
    expect(await engine.waitHealth('health')).to.deep.equal({ status: 'healthy' });
    await engine.getContainer('health').stop();
    expect(await engine.waitHealth('health')).to.include({ status: 'exited' });
    await lab.run('nocheck');
    expect(await engine.waitHealth('nocheck')).to.deep.equal({ status: 'none' });
  });

  it('can be waited for no longer', async () => {
    await lab.run('slow', { Healthcheck: { Test: ['CMD', 'true'], Interval: 60e9 } });
    const abort = new AbortController();
    const waiting = engine.waitHealth('slow', abort.signal);
    abort.abort(new Error('enough'));
    expect((await failure(waiting)).message).to.equal('enough');
  });

  it('runs commands beside its process', async () => {
    await lab.run('exec', { Env: ['A=1'] });
    const exec = (argv: string[], more = {}) =>
      engine.exec('exec', { argv, stdio: 'collect', ...more });
    expect(await exec(['sh', '-c', 'echo out; echo err >&2; exit 9'])).to.deep.equal({
      exitCode: 9,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    const { stdout } = await exec(['sh', '-c', 'echo $A $B; pwd; id -u'], {
      env: ['B=2'],
      workingDir: '/tmp',
      user: 'web',
    });
    expect(stdout).to.equal('1 2\n/tmp\n33\n');
    expect((await exec(['nope'])).exitCode).to.equal(127);
    await engine.getContainer('exec').stop();
    expect(await failure(exec(['true']))).to.include({ code: 'ENGINE_CONTAINER_NOT_RUNNING' });
  });

  it('dies with its shim, says so, and is cleaned up and started again', async () => {
    await engine.createNetwork({ Name: 'lost_net' });
    const container = await lab.run('lost', {
      Healthcheck: { Test: ['CMD', 'true'] },
      HostConfig: {
        NetworkMode: 'lost_net',
        PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
      },
    });
    await lab.run('other', { HostConfig: { NetworkMode: 'lost_net' } });
    const { Id, State } = await container.inspect();
    const paths = containerPaths(lab.roots, Id);
    const { shimPid } = JSON.parse(readFileSync(paths.state, 'utf8')) as { shimPid: number };
    process.kill(shimPid, 'SIGKILL');
    await eventually(async () => expect(existsSync(`/proc/${State.Pid}`)).to.equal(false), 3000);
    const told = await container.inspect();
    expect(told.State).to.include({
      Status: 'exited',
      ExitCode: 137,
      Error: 'its shim was killed',
    });
    expect((await engine.listContainers()).map(({ Names }) => Names[0])).to.deep.equal(['/other']);

    await lab.newEngine().repair();
    const zone = join(
      lab.roots.run,
      'networks',
      told.NetworkSettings.Networks.lost_net?.NetworkID ?? '',
      'zone',
    );
    expect(existsSync(join(zone, Id)), 'its names').to.equal(false);
    expect(await lab.sh('other', 'nslookup lost')).to.match(/NXDOMAIN|can't/);
    expect((await container.inspect()).State).to.include({ Status: 'exited', ExitCode: 137 });
    await container.start();
    expect(await lab.sh('other', 'nslookup lost >/dev/null && echo found')).to.equal('found');
  });

  it('dies with its shim although its process has become another user', async () => {
    const container = await lab.run('gosu', {
      Cmd: ['sh', '-c', 'echo "app:x:33:33::/:/bin/sh" >>/etc/passwd; exec su app -c "sleep 100"'],
      HostConfig: { Init: false },
    });
    const { Id, State } = await container.inspect();
    const uid = () => /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${State.Pid}/status`, 'utf8'))?.[1];
    await eventually(async () => expect(uid()).to.equal('33'), 3000);
    const { state } = containerPaths(lab.roots, Id);
    const { shimPid } = JSON.parse(readFileSync(state, 'utf8')) as { shimPid: number };
    process.kill(shimPid, 'SIGKILL');
    await eventually(async () => expect(existsSync(`/proc/${State.Pid}`)).to.equal(false), 3000);
    expect((await container.inspect()).State.Error).to.equal('its shim was killed');
  });

  it('shares the pids of the host, or of another container', async () => {
    await lab.run('pids', { HostConfig: { PidMode: 'host' } });
    const shell = await lab.sh('pids', `grep -c . /proc/${process.pid}/cmdline && echo seen`);
    expect(shell).to.match(/seen/);
    const donor = await lab.run('donor');
    await lab.run('guest', { HostConfig: { PidMode: `container:${donor.id}` } });
    expect(await lab.sh('guest', 'ls -d /proc/1 && ps | grep -c sleep')).to.match(/\/proc\/1/);
  });

  it('starts on bridges that a reboot has taken away', async () => {
    const container = await lab.create('reboot');
    const network = (await container.inspect()).NetworkSettings.Networks.bridge?.NetworkID ?? '';
    await container.start();
    await container.stop();
    // What a reboot leaves of it: <run> is gone with the bridge.
    const { execFileSync } = await import('node:child_process');
    execFileSync('ip', ['link', 'del', `cor-${network.slice(0, 8)}`]);
    const { rmSync } = await import('node:fs');
    rmSync(join(lab.roots.run, 'containers'), { recursive: true });
    rmSync(join(lab.roots.run, 'networks'), { recursive: true });
    const fresh = lab.newEngine();
    const [listed] = await fresh.listContainers({ all: true });
    // Its last words lie in the data folder, which a reboot leaves.
    expect(listed?.Status).to.match(/^Exited \(143\)/);
    await fresh.getContainer('reboot').start();
    expect(await lab.sh('reboot', 'ip route | grep -c default')).to.equal('1');
    await fresh.close();
  });

  it('tells what happens to it, in order', async () => {
    const abort = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const { Action, Actor } of engine.events({
        filters: { container: ['told'] },
        signal: abort.signal,
      })) {
        seen.push(Action.startsWith('exec') ? 'exec' : `${Action} ${Actor.Attributes.name}`);
        if (Action === 'destroy') break;
      }
    })();
    await sleep(50);
    const container = await lab.run('told');
    await container.stop();
    await container.remove();
    await following;
    abort.abort();
    expect(seen).to.include.members(['create told', 'start told', 'die told', 'destroy told']);
    expect(seen[0]).to.equal('create told');
    expect(seen.at(-1)).to.equal('destroy told');
    const past: string[] = [];
    for await (const { Action } of engine.events({
      filters: { container: ['told'], event: ['die'] },
      past: true,
      follow: false,
    })) {
      past.push(Action);
    }
    expect(past).to.deep.equal(['die']);
  });
});
