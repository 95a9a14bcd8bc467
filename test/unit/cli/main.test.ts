import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { composeCommands } from '../../../src/cli/compose-commands.ts';
import { main } from '../../../src/cli/main.ts';
import { FakeHost } from '../../support/fake-host.ts';

const program = { name: 'compose', description: 'test', commands: composeCommands } as const;

describe('compose', () => {
  let root: string;
  let host: FakeHost;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'coracle-cli-'));
    host = new FakeHost({
      cwd: root,
      env: { CORACLE_DATA: join(root, 'data'), CORACLE_RUN: join(root, 'run') },
    });
  });

  afterEach(() => rmSync(root, { recursive: true }));

  const run = (...argv: string[]) => main(program, argv, host);

  it('prints its version in every form that scripts ask for', async () => {
    expect(await run('version', '--short')).to.equal(0);
    expect(await run('version', '-f', 'json')).to.equal(0);
    const [short, json] = host.stdout.text.split('\n');
    expect(JSON.parse(json ?? '')).to.deep.equal({ version: short });
  });

  it('says what is wrong, what to do, and no stack', async () => {
    expect(await run('pss')).to.equal(1);
    expect(host.stderr.text).to.equal(
      'error: unknown command: "compose pss"\n  hint: Did you mean ps? See \'compose --help\'.\n',
    );
  });

  it('tells a user who is not root to use sudo', async () => {
    writeFileSync(join(root, 'compose.yaml'), 'services: {}\n');
    host.uid = 1000;
    expect(await run('ps')).to.equal(1);
    expect(host.stderr.text).to.include('containers are run by root, and this is user 1000');
    expect(host.stderr.text).to.include('sudo compose');
  });

  it('lists containers of nothing, without YAML and without starting anything', async () => {
    writeFileSync(join(root, 'compose.yaml'), 'this: [is not even YAML\n');
    expect(await run('-p', 'x', 'ps')).to.equal(0);
    expect(host.stdout.text).to.equal(
      'NAME      IMAGE     COMMAND   SERVICE   CREATED   STATUS    PORTS\n',
    );
  });

  it('reports every missing image at its place', async () => {
    writeFileSync(
      join(root, 'compose.yaml'),
      'services:\n  a:\n    image: nosuch/a\n  b:\n    image: nosuch/b\n',
    );
    expect(await run('up', '-d')).to.equal(1);
    expect(host.stderr.text).to.include(
      'compose.yaml:3:12: error: service "a": no such image: nosuch/a',
    );
    expect(host.stderr.text).to.include(
      'compose.yaml:5:12: error: service "b": no such image: nosuch/b',
    );
    expect(host.stderr.text).to.include('coracle image');
  });

  it('refuses flags that exclude each other', async () => {
    expect(await run('up', '--force-recreate', '--no-recreate')).to.equal(1);
    expect(host.stderr.text).to.include('--force-recreate and --no-recreate cannot be combined');
  });

  it('names every command in its help', async () => {
    expect(await run('--help')).to.equal(0);
    for (const [name, { hidden }] of Object.entries(composeCommands)) {
      if (!hidden) expect(host.stdout.text).to.match(new RegExp(`^  ${name} `, 'm'));
    }
  });

  it('can load every command that it lists, under its own name', async () => {
    for (const [name, entry] of Object.entries(composeCommands)) {
      if (entry.hidden) continue;
      expect((await entry.load()).name, name).to.equal(name);
    }
  });

  it('has one module a command that no other command imports', () => {
    const up = readFileSync(
      new URL('../../../src/cli/compose-commands.ts', import.meta.url),
      'utf8',
    );
    expect(up.match(/^import /gm)).to.have.length(1);
  });
});
