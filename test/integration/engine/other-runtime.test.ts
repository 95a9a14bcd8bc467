import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { containerPaths } from '../../../src/state/index.ts';
import { eventually } from '../../support/eventually.ts';
import { type CreateOptions, EngineLab, failure } from './engine-lab.ts';

const hasCrun = existsSync('/usr/bin/crun');

describe('a container under crun', function () {
  if (!hasCrun) {
    it.skip('needs crun');
    return;
  }
  this.timeout(60_000);
  const lab = new EngineLab();
  const { engine } = lab;
  before(() => lab.open());
  afterEach(() => lab.expectClean());
  after(() => lab.close());

  const under = (options: CreateOptions = {}): CreateOptions => ({
    ...options,
    HostConfig: { ...options.HostConfig, Runtime: 'crun' },
  });
  const stateOf = async (name: string) => (await engine.getContainer(name).inspect()).State;
  const bundleOf = (id: string) => join(containerPaths(lab.roots, id).run, 'oci');

  it('is made by crun, in the engine’s network, cgroup and root', async () => {
    await engine.createNetwork({ Name: 'net' });
    const container = await lab.run(
      'plain',
      under({
        User: 'web',
        Env: ['A=1'],
        HostConfig: { NetworkMode: 'net', Memory: 64 << 20, Binds: ['vol:/seed'] },
      }),
    );
    const { State, HostConfig, NetworkSettings } = await container.inspect();
    expect(HostConfig.Runtime).to.equal('crun');
    const listed = execFileSync('/usr/bin/crun', [
      '--root',
      join(bundleOf(container.id), 'state'),
      'state',
      container.id,
    ]).toString();
    expect(JSON.parse(listed)).to.include({ status: 'running', pid: State.Pid });
    expect(readFileSync(`/proc/${State.Pid}/cgroup`, 'utf8')).to.contain(`/${container.id}`);
    const environment = readFileSync(`/proc/${State.Pid}/environ`, 'utf8').split('\0');
    expect(environment).to.include.members(['A=1', 'HOME=/']);
    expect(readFileSync(`/proc/${State.Pid}/status`, 'utf8')).to.match(/^Uid:\t33\t/m);
    expect(await lab.sh('plain', 'ls /seed/deep; id -u')).to.equal('file\n33');
    const address = NetworkSettings.Networks.net?.IPAddress;
    expect(await lab.sh('plain', 'ip -4 -o addr show eth0')).to.contain(` ${address}/`);
    expect(await lab.sh('plain', 'nslookup plain | tail -3')).to.contain(address);
  });

  it('stops, starts again, pauses, and is restarted by its policy', async () => {
    const container = await lab.run(
      'life',
      under({ HostConfig: { RestartPolicy: { Name: 'always' } } }),
    );
    await container.pause();
    expect((await stateOf('life')).Status).to.equal('paused');
    await container.unpause();
    const { Pid } = await stateOf('life');
    process.kill(Pid, 'SIGKILL');
    await eventually(async () => {
      const { Status, Pid: next } = await stateOf('life');
      expect(Status).to.equal('running');
      expect(next).not.to.equal(Pid);
    }, 10_000);
    await container.stop();
    expect(await stateOf('life')).to.include({ Status: 'exited', ExitCode: 143 });
    expect(existsSync(bundleOf(container.id)), 'the bundle').to.equal(false);
    await container.start();
    expect((await stateOf('life')).Status).to.equal('running');
  });

  it('has its exit code and output, and a terminal', async () => {
    const container = await lab.run(
      'ends',
      under({ Cmd: ['sh', '-c', 'echo said; exit 9'], HostConfig: { Init: false } }),
    );
    expect(await container.wait()).to.deep.equal({ StatusCode: 9 });
    const log = join(containerPaths(lab.roots, container.id).dir, 'log');
    expect(readFileSync(log, 'utf8')).to.match(/ stdout F said$/m);
    const terminal = await lab.run(
      'tty',
      under({ Tty: true, Cmd: ['sh', '-c', 'tty; exit 3'], HostConfig: { Init: false } }),
    );
    expect(await terminal.wait()).to.deep.equal({ StatusCode: 3 });
    expect(
      readFileSync(join(containerPaths(lab.roots, terminal.id).dir, 'log'), 'utf8'),
    ).to.contain('/dev/pts/0');
  });

  it('tells why crun could not start it, and leaves nothing', async () => {
    const missing = await lab.create('none', under({ Cmd: ['nope'], HostConfig: { Init: false } }));
    const error = await failure(missing.start());
    expect(error).to.include({ code: 'NATIVE_COMMAND_NOT_FOUND' });
    expect((await stateOf('none')).ExitCode).to.equal(127);
    expect(existsSync(bundleOf(missing.id))).to.equal(false);
  });

  it('dies with its shim', async () => {
    const container = await lab.run('orphan', under());
    const { Pid } = await stateOf('orphan');
    const { shimPid } = JSON.parse(
      readFileSync(containerPaths(lab.roots, container.id).state, 'utf8'),
    ) as { shimPid: number };
    process.kill(shimPid, 'SIGKILL');
    await eventually(() => expect(existsSync(`/proc/${Pid}/exe`)).to.equal(false), 5000);
    expect((await stateOf('orphan')).Status).to.equal('exited');
    await container.start();
    expect((await stateOf('orphan')).Status).to.equal('running');
  });
});
