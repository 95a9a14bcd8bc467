import { expect } from 'chai';
import { explainPath, explainVariable } from '../../../../src/compose/diagnostics/index.ts';
import type { LoadOptions } from '../../../../src/compose/load/index.ts';
import { loadFrom } from '../../../support/compose-files.ts';

const shorten = (file: string) => file.replace(/^\/p\//, '');

function explain(
  files: Readonly<Record<string, string>>,
  path: string,
  options: Partial<LoadOptions> = {},
): string[] | undefined {
  return explainPath(loadFrom(files, options), path, shorten)?.trimEnd().split('\n');
}

describe('where a value came from', () => {
  const base = 'services:\n  web: {image: "x:${TAG:-1}", ports: ["80:80"], command: [a]}\n';

  it('is its line, and the text before variables were replaced', () => {
    expect(explain({ 'compose.yaml': base }, 'services.web.image')).to.deep.equal([
      'services.web.image = "x:1"  (compose.yaml:2:16, from x:${TAG:-1})',
    ]);
  });

  it('is the file that won, with what it overrode in each file before', () => {
    const files = {
      'a.yaml': base,
      'b.yaml': 'services: {web: {image: y}}\n',
      'c.yaml': 'services: {web: {image: z}}\n',
    };
    const composeFiles = Object.keys(files);
    expect(explain(files, 'services.web.image', { files: composeFiles })).to.deep.equal([
      'services.web.image = "z"  (c.yaml:1:25)',
      '  overrides "y"  (b.yaml:1:25)',
      '  overrides "x:1"  (a.yaml:2:16)',
    ]);
  });

  it('tells of lists that were appended to, item by item, and of those that !override replaced', () => {
    const more = 'services: {web: {ports: ["81:81"], command: !override [b]}}\n';
    const files = { 'compose.yaml': base, 'compose.override.yaml': more };
    const ports = explain(files, 'services.web.ports')?.filter((line) =>
      line.includes('published'),
    );
    expect(ports).to.deep.equal([
      '    published = "80"  (compose.yaml:2:39)',
      '    published = "81"  (compose.override.yaml:1:26)',
    ]);
    expect(explain(files, 'services.web.command')).to.deep.equal([
      'services.web.command:  (compose.override.yaml:1:55)',
      '  overrides a list of 1  (compose.yaml:2:58)',
      '  - [0] = "b"  (compose.override.yaml:1:56)',
    ]);
  });

  it('is the place in the service that is extended, and in the one that overrides it', () => {
    const file = 'services:\n  a: {image: x, user: "1"}\n  b: {extends: a, user: "2"}\n';
    expect(explain({ 'compose.yaml': file }, 'services.b')).to.include.members([
      '  image = "x"  (compose.yaml:2:14)',
      '  user = "2"  (compose.yaml:3:25)',
      '    overrides "1"  (compose.yaml:2:23)',
    ]);
  });

  it('is not told of what the project has not', () => {
    expect(explain({ 'compose.yaml': base }, 'services.web.nope')).to.equal(undefined);
    const reset = 'services: {web: {ports: !reset null}}\n';
    const files = { 'compose.yaml': base, 'compose.override.yaml': reset };
    expect(explain(files, 'services.web.ports')).to.equal(undefined);
  });
});

describe('where a variable came from', () => {
  const files = {
    'compose.yaml': 'services: {web: {image: "x:${TAG}"}}\n',
    '.env': 'OTHER=1\nTAG=one\n',
    'more.env': '\nTAG=two\nTAG=three\n',
  };
  const explained = (options: Partial<LoadOptions>) =>
    explainVariable(loadFrom(files, options), 'TAG', shorten).trimEnd().split('\n');
  const use = '  used in x:${TAG}  (compose.yaml:1:25)';

  it('is the line of the file that sets it, and where it is used', () => {
    expect(explained({})).to.deep.equal(['TAG = "one"  (from .env:2:1)', use]);
  });

  it('tells what the files before had, and what all of them had where the environment wins', () => {
    expect(explained({ envFiles: ['.env', 'more.env'] })).to.deep.equal([
      'TAG = "three"  (from more.env:3:1)',
      '  overrides "one"  (.env:2:1)',
      use,
    ]);
    const options = { envFiles: ['.env', 'more.env'], env: { TAG: 'shell' } };
    expect(explained(options)).to.deep.equal([
      'TAG = "shell"  (from the environment)',
      '  overrides "three"  (more.env:3:1)',
      '  overrides "one"  (.env:2:1)',
      use,
    ]);
  });

  it('says so where nothing sets it, or nothing uses it', () => {
    const result = loadFrom({ 'compose.yaml': 'services: {web: {image: x}}\n' });
    expect(explainVariable(result, 'NOPE', shorten)).to.equal(
      'NOPE is not set\n  no file uses it\n',
    );
  });
});
