import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { EngineLab, failure, image, nativeBinary } from './engine-lab.ts';

const creator = fileURLToPath(new URL('./create-many.ts', import.meta.url));

describe('commands that are killed, and several at once', () => {
  const lab = new EngineLab();
  const { engine } = lab;
  before(() => lab.open());
  afterEach(() => lab.expectClean());
  after(() => lab.close());

  /** A process that creates, starts and removes containers until it is killed. */
  async function killedAfter(ms: number): Promise<void> {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', creator, lab.roots.data, lab.roots.run, nativeBinary, image],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, ms));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
  }

  it('a command killed at any moment leaves nothing that counts and nothing in the way', async () => {
    for (let ms = 0; ms < 40; ms += 5) {
      await killedAfter(ms);
      // What counts is whole: it can be listed, inspected, and stopped or removed.
      for (const { Id } of await engine.listContainers({ all: true })) {
        await engine.getContainer(Id).inspect();
        await engine.getContainer(Id).remove({ force: true, v: true });
      }
      const fresh = lab.newEngine();
      await fresh.repair();
      await fresh.close();
      expect(entries('containers'), `killed after ${ms} ms`).to.deep.equal([]);
      const again = await lab.run('victim', { Volumes: { '/seed': {} } });
      await again.remove({ force: true, v: true });
      for (const { Name } of (await engine.listVolumes()).Volumes) {
        await engine.getVolume(Name).remove();
      }
    }
  });

  it('clears away what an interrupted creation left, once its maker is dead', async () => {
    const id = 'ab'.repeat(32);
    const folder = join(lab.roots.data, 'containers', `${id}.999999999-1.new`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'hosts'), '');
    mkdirSync(join(lab.roots.data, 'names'), { recursive: true });
    symlinkSync(`../containers/${id}`, join(lab.roots.data, 'names', 'half'));
    expect(await engine.listContainers({ all: true })).to.deep.equal([]);
    expect(await failure(engine.getContainer('half').inspect())).to.include({ statusCode: 404 });
    const fresh = lab.newEngine();
    await fresh.createContainer({ name: 'half', Image: image });
    expect(existsSync(folder)).to.equal(false);
    await fresh.close();
  });

  it('takes away what a power loss made of a new container, and shows the others beside a damaged one', async () => {
    const lost = await lab.create('lost');
    const record = (id: string) => join(lab.roots.data, 'containers', id, 'container.json');
    writeFileSync(record(lost.id), '');
    const damaged = await lab.create('damaged');
    const whole = readFileSync(record(damaged.id));
    writeFileSync(record(damaged.id), '{');
    await lab.create('well');
    const fresh = lab.newEngine();
    await fresh.repair();
    const shown = await fresh.listContainers({ all: true });
    expect(shown.map(({ Names }) => Names[0])).to.deep.equal(['/well']);
    expect(existsSync(join(record(lost.id), '..'))).to.equal(false);
    expect(lab.warnings.splice(0).join('\n')).to.match(
      /container.json is no JSON: container .* is not shown/,
    );
    expect(await failure(fresh.getContainer('damaged').inspect())).to.include({
      code: 'STATE_RECORD_INVALID',
    });
    await (await fresh.createContainer({ name: 'lost', Image: image })).remove();
    await fresh.close();
    writeFileSync(record(damaged.id), whole);
  });

  it('a name goes to one of many who want it at once', async () => {
    const engines = [engine, lab.newEngine(), lab.newEngine()];
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) =>
        engines[index % 3]?.createContainer({ name: 'one', Image: image }),
      ),
    );
    const won = results.filter(({ status }) => status === 'fulfilled');
    expect(won).to.have.length(1);
    const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    const { Id } = await engine.getContainer('one').inspect();
    for (const error of lost) {
      expect(error).to.include({ code: 'ENGINE_NAME_CONFLICT', statusCode: 409 });
      expect(error.message).to.include('"/one" is already in use by container ');
      expect(error.details.container).to.equal(Id);
    }
    for (const other of engines.slice(1)) await other.close();
  });

  it('two engines see and change the same containers', async () => {
    const other = lab.newEngine();
    const container = await lab.create('shared');
    await Promise.all([container.start(), other.getContainer('shared').start()]);
    const { Pid } = (await container.inspect()).State;
    expect((await other.getContainer('shared').inspect()).State.Pid).to.equal(Pid);
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 ? other : engine)
          .createContainer({ name: `many-${index}`, Image: image })
          .then((created) => created.start()),
      ),
    );
    const running = await other.listContainers();
    expect(running).to.have.length(11);
    const addresses = running.map(
      ({ NetworkSettings }) => NetworkSettings.Networks.bridge?.IPAddress,
    );
    expect(new Set(addresses).size).to.equal(11);
    const removals = await Promise.allSettled([
      container.remove({ force: true }),
      other.getContainer('shared').remove({ force: true }),
    ]);
    expect(removals.some(({ status }) => status === 'fulfilled')).to.equal(true);
    await other.close();
  });

  it('finds containers by name, by id and by the start of an id', async () => {
    const { id } = await lab.create('findme');
    const full = (await engine.getContainer('findme').inspect()).Id;
    expect(full).to.equal(id);
    for (const text of [full, full.slice(0, 12), full.slice(0, 3), '/findme']) {
      expect((await engine.getContainer(text).inspect()).Id, text).to.equal(full);
    }
    const missing = await failure(engine.getContainer('nobody').start());
    expect(missing).to.include({ statusCode: 404, message: 'no such container: nobody' });
    expect(
      await engine.listContainers({ filters: { status: ['created'], name: ['find'] } }),
    ).to.have.length(1);
    expect(await engine.listContainers({ filters: { name: ['find'] } })).to.have.length(0);
  });

  function entries(folder: string): string[] {
    return readdirSync(join(lab.roots.data, folder));
  }
});
