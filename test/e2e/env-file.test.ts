/** `--env-file` reaches the command and not Node, which on some versions takes it for its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { composeProgram, runCommand } from '../support/command.ts';

describe('--env-file', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coracle-env-file-'));
    writeFileSync(join(folder, 'compose.yaml'), 'services: {a: {image: "x:$TAG"}}\n');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const images = (file: string) =>
    runCommand([composeProgram, '--env-file', file, 'config', '--images'], { cwd: folder });

  it('that is missing is told by the command, by its path', async () => {
    const { code, stderr } = await images('missing.env');
    expect(stderr).to.include(`env file ${join(folder, 'missing.env')} does not exist`);
    expect(code).to.equal(1);
  });

  it('is read with the grammar of Compose', async () => {
    writeFileSync(join(folder, 'other.env'), 'TAG="1${MINOR:-.5}" # latest\n');
    const { code, stdout, stderr } = await images('other.env');
    expect(stderr).to.equal('');
    expect(stdout).to.equal('x:1.5\n');
    expect(code).to.equal(0);
  });
});
