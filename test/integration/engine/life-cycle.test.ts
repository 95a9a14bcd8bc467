import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { EngineLab, failure, image } from './engine-lab.ts';

describe('a container from creation to removal', () => {
  const lab = new EngineLab();
  const { engine } = lab;
  before(() => lab.open());
  afterEach(() => lab.expectClean());
  after(() => lab.close());

  it('is created, starts, stops, starts again and is gone', async () => {
    const container = await lab.create('life', { Labels: { a: 'b' } });
    expect((await container.inspect()).State.Status).to.equal('created');
    await container.start();
    await container.start();
    const running = await container.inspect();
    expect(running.State).to.include({ Status: 'running', Running: true, ExitCode: 0 });
    expect(readFileSync(`/proc/${running.State.Pid}/comm`, 'utf8')).to.match(/init/);
    const [listed] = await engine.listContainers();
    expect(listed).to.deep.include({ Names: ['/life'], State: 'running', Image: image });
    expect(listed?.Status).to.match(/^Up (Less than a second|\d seconds?|1 second)$/);

    await container.stop();
    await container.stop();
    expect((await container.inspect()).State).to.include({ Status: 'exited', ExitCode: 143 });
    expect(await engine.listContainers()).to.deep.equal([]);
    const [stopped] = await engine.listContainers({ all: true });
    expect(stopped?.Status).to.match(/^Exited \(143\) .* ago$/);

    await container.start();
    expect((await container.inspect()).State.Running).to.equal(true);
    expect((await failure(container.remove())).message).to.match(/container is running/);
    await container.remove({ force: true });
    const gone = await failure(container.inspect());
    expect(gone).to.include({ code: 'ENGINE_CONTAINER_NOT_FOUND', statusCode: 404 });
    expect(await engine.listContainers({ all: true })).to.deep.equal([]);
  });

  it('tells its exit code to whoever waits, before and after the end', async () => {
    const container = await lab.create('short', { Cmd: ['sh', '-c', 'sleep 0.1; exit 3'] });
    const next = container.wait({ condition: 'next-exit' });
    await container.start();
    expect(await container.wait()).to.deep.equal({ StatusCode: 3 });
    expect(await next).to.deep.equal({ StatusCode: 3 });
    expect(await container.wait()).to.deep.equal({ StatusCode: 3 });
    const removed = container.wait({ condition: 'removed' });
    await container.remove();
    expect(await removed).to.deep.equal({ StatusCode: 3 });
  });

  it('is removed by whoever waits for its removal, where it is to be removed at its exit', async () => {
    const container = await lab.run('auto', {
      Cmd: ['sh', '-c', 'exit 4'],
      HostConfig: { AutoRemove: true },
    });
    expect(await container.wait({ condition: 'removed' })).to.deep.equal({ StatusCode: 4 });
    expect(await engine.listContainers({ all: true })).to.deep.equal([]);
  });

  it('pauses and goes on', async () => {
    const container = await lab.run('pause');
    expect((await failure(container.unpause())).message).to.match(/not paused/);
    await container.pause();
    expect((await engine.listContainers())[0]).to.include({ State: 'paused' });
    expect((await engine.listContainers())[0]?.Status).to.match(/\(Paused\)$/);
    expect(await failure(container.pause())).to.include({ statusCode: 409 });
    expect((await failure(container.start())).message).to.match(/try unpause/);
    await container.unpause();
    expect(await lab.sh('pause', 'echo $LAB')).to.equal('1');
  });

  it('gets signals, and is killed without being started again', async () => {
    const container = await lab.run('signals', {
      Cmd: ['sh', '-c', 'trap "echo got it; exit 7" HUP; while :; do sleep 0.05; done'],
      HostConfig: { Init: false, RestartPolicy: { Name: 'always' } },
    });
    const ended = container.wait({ condition: 'next-exit' });
    await container.kill({ signal: 'HUP' });
    expect(await ended).to.deep.equal({ StatusCode: 7 });
    await eventually(async () => expect((await container.inspect()).State.Pid).to.be.above(0));
    await container.kill();
    expect((await container.inspect()).State).to.include({ Status: 'exited', ExitCode: 137 });
    expect(await failure(container.kill())).to.include({
      code: 'ENGINE_CONTAINER_NOT_RUNNING',
      statusCode: 409,
    });
  });

  it('keeps its address over a restart', async () => {
    const container = await lab.run('again');
    const before = await container.inspect();
    await container.restart({ t: 1 });
    const after = await container.inspect();
    expect(after.State.Pid).not.to.equal(before.State.Pid);
    expect(after.NetworkSettings.Networks.bridge?.IPAddress)
      .to.equal(before.NetworkSettings.Networks.bridge?.IPAddress)
      .and.match(/^\d+\./);
  });

  it('runs what was asked for: user, folder, environment, host name, limits', async () => {
    await lab.run('asked', {
      User: 'web',
      WorkingDir: '/tmp/new',
      Env: ['LAB=2', 'MORE=x y'],
      Hostname: 'box',
      HostConfig: {
        Memory: 64 * 1024 * 1024,
        ExtraHosts: ['up:host-gateway'],
        Tmpfs: { '/scratch': 'size=1m' },
      },
    });
    expect(await lab.sh('asked', 'id -un; pwd; echo "$LAB $MORE"; hostname')).to.equal(
      'web\n/tmp/new\n2 x y\nbox',
    );
    expect(await lab.sh('asked', 'grep -c "up$" /etc/hosts; df /scratch | tail -1')).to.match(
      /^1\ntmpfs +1024 /,
    );
  });

  it('writes its log, read whole, from the end, and while it runs', async () => {
    const container = await lab.create('talk', {
      Cmd: ['sh', '-c', 'echo one; echo two >&2; sleep 0.2; echo three'],
    });
    await container.start();
    const lines: string[] = [];
    for await (const { stream, line } of engine.logEntries('talk', { follow: true })) {
      lines.push(`${stream} ${Buffer.from(line)}`);
    }
    expect(lines).to.deep.equal(['stdout one', 'stderr two', 'stdout three']);
    const tail: string[] = [];
    for await (const { line } of engine.logEntries('talk', { tail: 1 }))
      tail.push(`${Buffer.from(line)}`);
    expect(tail).to.deep.equal(['three']);
  });

  it('fails to start with the exit code and the words of Docker', async () => {
    const start = async (name: string, Cmd: string[], more = {}) => {
      const container = await lab.create(name, { Cmd, HostConfig: { Init: false }, ...more });
      return failure(container.start());
    };
    expect(await start('none', ['nope'])).to.deep.include({
      code: 'NATIVE_COMMAND_NOT_FOUND',
      exitCode: 127,
      message: 'cannot start container none: exec: "nope": executable file not found in $PATH',
    });
    expect(await start('folder', ['/etc'])).to.include({
      code: 'NATIVE_COMMAND_NOT_EXECUTABLE',
      exitCode: 126,
    });
    expect((await start('user', ['true'], { User: 'nosuch' })).message).to.match(/nosuch/);
    const { State } = await engine.getContainer('none').inspect();
    expect(State).to.include({ Status: 'created', Running: false });
  });

  it('refuses what cannot be, before anything is reserved', async () => {
    const missing = await failure(engine.createContainer({ name: 'x1', Image: 'nope/nope' }));
    expect(missing).to.include({ code: 'IMAGE_NOT_FOUND', statusCode: 404 });
    const bind = await failure(
      lab.create('x2', {
        HostConfig: { Mounts: [{ Type: 'bind', Source: '/nope/x', Target: '/x' }] },
      }),
    );
    expect(bind).to.include({ code: 'ENGINE_BIND_SOURCE_MISSING' });
    expect(bind.message).to.match(/\/nope\/x/);
    await failure(lab.create('x3', { HostConfig: { NetworkMode: 'missing' } }));
    expect(await engine.listContainers({ all: true })).to.deep.equal([]);
  });
});
