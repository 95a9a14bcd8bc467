import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Attachment, createEngine } from '../../../src/engine/index.ts';
import { containerPaths } from '../../../src/state/index.ts';
import { eventually } from '../../support/eventually.ts';
import { EngineLab, failure, image, nativeBinary } from './engine-lab.ts';

describe('attaching to a container', () => {
  const lab = new EngineLab();
  const { engine } = lab;
  before(() => lab.open());
  afterEach(() => lab.expectClean());
  after(() => lab.close());

  const all = async (attachment: Attachment) => {
    const text = { stdout: '', stderr: '' };
    for await (const { stream, data } of attachment) text[stream] += data.toString('utf8');
    return text;
  };

  it('begins before the first byte, and gives the bytes as they were written', async () => {
    const container = await lab.create('first', {
      Cmd: ['sh', '-c', 'printf "no line end"; printf err >&2; exit 3'],
    });
    const attachment = engine.attachOnStart('first', { stdin: false });
    await container.start();
    expect(await all(await attachment)).to.deep.equal({ stdout: 'no line end', stderr: 'err' });
    expect(await container.wait()).to.deep.equal({ StatusCode: 3 });
  });

  it('misses nothing of a million bytes that are written at once', async () => {
    const container = await lab.create('much', {
      Cmd: ['sh', '-c', 'head -c 1000000 /dev/zero | tr "\\0" x'],
    });
    const attachment = engine.attachOnStart('much', { stdin: false });
    await container.start();
    expect((await all(await attachment)).stdout).to.have.length(1_000_000);
  });

  it('fails with the start, and leaves nothing waiting', async () => {
    const container = await lab.create('nope', { Cmd: ['/nope'], HostConfig: { Init: false } });
    const attachment = engine.attachOnStart('nope', { stdin: true });
    expect(await failure(container.start())).to.include({ code: 'NATIVE_COMMAND_NOT_FOUND' });
    expect(await failure(attachment)).to.include({ code: 'NATIVE_COMMAND_NOT_FOUND' });
  });

  it('feeds its input to the end', async () => {
    const container = await lab.create('cat', { Cmd: ['cat'], OpenStdin: true, StdinOnce: true });
    const opened = engine.attachOnStart('cat', { stdin: true });
    await container.start();
    const attachment = await opened;
    await attachment.write(Buffer.from('in and out'));
    await attachment.write(new Uint8Array(0));
    expect((await all(attachment)).stdout).to.equal('in and out');
    expect(await container.wait()).to.deep.equal({ StatusCode: 0 });
  });

  it('takes what a client sent last, although the client is gone', async () => {
    const container = await lab.run('last', {
      Cmd: ['sh', '-c', 'read line; echo "got $line"; sleep 1000'],
      OpenStdin: true,
    });
    const attachment = await engine.attach('last', { stdin: true });
    const { state } = containerPaths(lab.roots, container.id);
    const { shimPid } = JSON.parse(readFileSync(state, 'utf8')) as { shimPid: number };
    // The shim stands still meanwhile, so that it sees the bytes and the end of the connection at once.
    process.kill(shimPid, 'SIGSTOP');
    try {
      await attachment.write(Buffer.from('words\n'));
      attachment.detach();
    } finally {
      process.kill(shimPid, 'SIGCONT');
    }
    await eventually(async () => {
      const lines: string[] = [];
      for await (const { line } of engine.logEntries('last')) lines.push(String(line));
      expect(lines).to.deep.equal(['got words']);
    }, 3000);
  });

  it('is possible for many at once, each of whom sees everything from then on', async () => {
    const container = await lab.run('many', {
      Cmd: ['sh', '-c', 'while read line; do echo "got $line"; done'],
      OpenStdin: true,
    });
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => engine.attach('many', { stdin: true })),
    );
    const texts = clients.map((client) => all(client));
    for (const [index, client] of clients.entries()) await client.write(Buffer.from(`${index}\n`));
    await eventually(async () => expect(await lab.sh('many', 'echo up')).to.equal('up'), 3000);
    // One that leaves takes nothing from the others.
    clients[0]?.detach();
    await clients[1]?.write(Buffer.from('last\n'));
    await eventually(async () => {
      const lines: string[] = [];
      for await (const { line } of engine.logEntries('many')) lines.push(String(line));
      expect(lines).to.have.length(21);
    }, 3000);
    await container.stop();
    const [, ...stayed] = await Promise.all(texts);
    for (const { stdout } of stayed) {
      expect(stdout.trim().split('\n').sort()).to.deep.equal(
        [...Array.from({ length: 20 }, (_, index) => `got ${index}`), 'got last'].sort(),
      );
    }
  });

  it('says why it cannot be', async () => {
    const container = await lab.run('asleep');
    await container.pause();
    expect(await failure(engine.attach('asleep', { stdin: false }))).to.include({
      code: 'ENGINE_CONTAINER_PAUSED',
    });
    await container.unpause();
    await container.stop();
    expect(await failure(engine.attach('asleep', { stdin: false }))).to.include({
      code: 'ENGINE_CONTAINER_NOT_RUNNING',
    });
  });

  it('is beside what a container uses, told from the kernel’s counters', async () => {
    const container = await lab.run('uses', { HostConfig: { Memory: 64 * 1024 ** 2 } });
    const stats = await engine.stats('uses');
    expect(stats).to.include({ memoryLimitBytes: 64 * 1024 ** 2, pids: 2 });
    expect(await engine.processes('uses')).to.have.length(2);
    await container.stop();
    expect(await engine.stats('uses')).to.equal(undefined);
    expect(await engine.processes('uses')).to.deep.equal([]);
  });

  it('works where the run folder’s path is longer than a socket’s address', async () => {
    const roots = { data: lab.roots.data, run: join(lab.folder, 'deep/'.repeat(60), 'run') };
    const engine = createEngine({ roots, nativeBinary, clock: Date.now, env: {} });
    const container = await engine.createContainer({
      name: 'deep',
      Image: image,
      Cmd: ['sh', '-c', 'read line; echo "got $line"; exit 6'],
      OpenStdin: true,
      StdinOnce: true,
      HostConfig: { NetworkMode: 'none' },
    });
    const opened = engine.attachOnStart('deep', { stdin: true });
    await container.start();
    expect((await engine.exec('deep', { argv: ['echo', 'in'], stdio: 'collect' })).stdout).to.equal(
      'in\n',
    );
    const attachment = await opened;
    await attachment.write(Buffer.from('words\n'));
    expect((await all(attachment)).stdout).to.equal('got words\n');
    expect(await container.wait()).to.deep.equal({ StatusCode: 6 });
    await container.remove();
    await engine.close();
    rmSync(join(lab.folder, 'deep'), { recursive: true });
  });
});
