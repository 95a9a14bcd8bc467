/** ARCHITECTURE.md names files and functions; they must be there under those names. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');

describe('ARCHITECTURE.md', () => {
  it('names twelve steps of up, each with a function that exists where it says', () => {
    const steps = [...page.matchAll(/^\| \d+ \|.*\| `([^`]+)` `(\w+)` \|$/gm)];
    const lost = steps.filter(([, file = '', name = '']) => !declares(file, name));
    expect(lost.map(([, file, name]) => `${file} ${name}`)).to.deep.equal([]);
    expect(steps).to.have.lengthOf(12);
  });

  it('names only files and folders that exist', () => {
    const paths = [...page.matchAll(/`((?:src|native|test|scripts|schema|docs)\/[\w./-]*)`/g)];
    const lost = paths.filter(([, path = '']) => !existsSync(join(ROOT, path)));
    expect(lost.map(([, path]) => path)).to.deep.equal([]);
  });

  it('lists every folder of src', () => {
    for (const folder of [
      'cli',
      'compose',
      'core',
      'engine',
      'image',
      'network',
      'runtime',
      'state',
      'volume',
    ]) {
      expect(page).to.include(`| \`src/${folder}/\` |`);
    }
  });
});

function declares(file: string, name: string): boolean {
  const path = join(ROOT, file);
  if (!existsSync(path)) return false;
  const declaration = file.endsWith('.c')
    ? new RegExp(`^(?:static )?\\w[\\w *]*\\b${name}\\(`, 'm')
    : new RegExp(`\\bfunction ${name}\\b|\\b${name}\\(.*\\).*\\{$`, 'm');
  return declaration.test(readFileSync(path, 'utf8'));
}
