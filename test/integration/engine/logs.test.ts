import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { expect } from 'chai';
import { containerPaths } from '../../../src/state/index.ts';
import { eventually } from '../../support/eventually.ts';
import { EngineLab } from './engine-lab.ts';

describe('the log of a container', () => {
  const lab = new EngineLab();
  const { engine } = lab;
  before(() => lab.open());
  afterEach(() => lab.expectClean());
  after(() => lab.close());

  const lines = async (name: string, options = {}) => {
    const found: string[] = [];
    for await (const { line } of engine.logEntries(name, options)) found.push(String(line));
    return found;
  };
  const rotated = (maxSize: string, maxFile: string, more = {}) => ({
    LogConfig: { Type: 'json-file', Config: { 'max-size': maxSize, 'max-file': maxFile, ...more } },
  });

  it('is rotated, its old files compressed, and reads back as it was written', async () => {
    const count = 60_000;
    const container = await lab.create('rotated', {
      Cmd: ['sh', '-c', `seq 1 ${count}; read wait`],
      OpenStdin: true,
      HostConfig: rotated('1m', '8'),
    });
    const opened = engine.attachOnStart('rotated', { stdin: true });
    await container.start();
    const attachment = await opened;
    const followed = lines('rotated', { follow: true });
    const folder = containerPaths(lab.roots, container.id).dir;
    await eventually(() => {
      const names = readdirSync(folder).filter((name) => /^log/.test(name));
      expect(names).to.include.members(['log', 'log.1', 'log.2.gz']);
      expect(names).not.to.include.members(['log.2']);
    }, 10_000);
    const all = Array.from({ length: count }, (_, index) => String(index + 1));
    await eventually(async () => expect(await lines('rotated')).to.deep.equal(all), 5000);
    for (const tail of [1, 10, 20_000, 50_000]) {
      expect(await lines('rotated', { tail })).to.deep.equal(all.slice(-tail));
    }
    // What the shim wrote is ordinary gzip.
    const text = execFileSync('zcat', [`${folder}/log.2.gz`]).toString();
    expect(text.split('\n')[0]).to.match(/^\S+Z stdout F \d+$/);
    await attachment.write(Buffer.from('\n'));
    attachment.detach();
    await container.wait();
    expect(await followed).to.deep.equal(all);
  });

  it('keeps its old files plain where that is asked for', async () => {
    const container = await lab.run('plain', {
      Cmd: ['sh', '-c', 'seq 1 30000; sleep 1000'],
      HostConfig: rotated('300k', '4', { compress: 'false' }),
    });
    const { dir } = containerPaths(lab.roots, container.id);
    await eventually(async () => {
      const found = await lines('plain', { tail: 1 });
      expect(found).to.deep.equal(['30000']);
    }, 5000);
    expect(existsSync(`${dir}/log.3`)).to.equal(true);
    expect(existsSync(`${dir}/log.2.gz`)).to.equal(false);
  });
});
