import { expect } from 'chai';
import { composeCommands } from '../../../src/cli/compose-commands.ts';
import { main } from '../../../src/cli/main.ts';
import { FakeHost } from '../../support/fake-host.ts';

const FILE = `
name: shop
services:
  a: {image: x, env_file: [/srv/e.env]}
  b: {image: "\${IMAGE:-y}:\${TAG-3}", env_file: [{path: /srv/f.env, required: false}], environment: {A: "1"}}
  c: {build: .}
x-note: {z: 1, a: 2}
`;

async function config(...args: readonly string[]) {
  const host = new FakeHost({ cwd: '/' });
  host.answer = FILE;
  const program = { name: 'compose', description: '', commands: composeCommands } as const;
  const code = await main(program, ['-f', '-', 'config', ...args], host);
  return { code, out: host.stdout.text, err: host.stderr.text };
}

describe('config: lists', () => {
  it('hashes env files that are not read by their names, as Docker Compose 2.40 does', async () => {
    // As Docker Compose 2.40 prints them.
    expect((await config('--no-env-resolution', '--hash', 'a,b')).out).to.equal(
      'a e86886927136e09c295ff3e621ddf4571225ed857a8e981f2ae6b39f69f58cdc\nb 9dc18625844ecebce6e0727db64ffa3e16afd1272679dcb767b4fd1826d7b017\n',
    );
  });

  it('prints a list although it is to be quiet', async () => {
    expect((await config('-q', '--services', '--no-env-resolution')).out).to.equal('a\nb\nc\n');
    expect((await config('-q', '--no-env-resolution')).out).to.equal('');
  });

  it('takes names from the files as they are with --no-interpolate', async () => {
    expect((await config('--no-interpolate', '--images')).out).to.equal(
      'x\n${IMAGE:-y}:${TAG-3}\nshop-c\n',
    );
    expect((await config('--no-interpolate', '--services')).out).to.equal('a\nb\nc\n');
    expect((await config('--no-interpolate', '--hash', '*')).err).to.contain('--hash is of');
  });

  it('prints variables as YAML in the order of their fields', async () => {
    expect((await config('--variables', '--format', 'yaml')).out).to.equal(
      'IMAGE:\n    name: IMAGE\n    defaultvalue: "y"\n    presencevalue: ""\n    required: false\n' +
        'TAG:\n    name: TAG\n    defaultvalue: "3"\n    presencevalue: ""\n    required: false\n',
    );
  });

  it('sorts the keys of extensions in JSON', async () => {
    const { out } = await config('--format', 'json', '--no-env-resolution');
    expect(out).to.contain('"x-note": {\n    "a": 2,\n    "z": 1\n  }');
  });
});
