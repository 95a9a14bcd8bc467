import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadProject, systemFileReader } from '../../../src/compose/load/index.ts';
import { type CompiledRules, compileRules } from '../../../src/watch/compile-rules.ts';

describe('compiling watch rules', () => {
  let folder: string;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'coracle-rules-')));
    for (const name of ['src', 'ctx']) mkdirSync(join(folder, name));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function compile(yaml: string, services: string[] = []): Promise<CompiledRules> {
    writeFileSync(join(folder, 'compose.yaml'), yaml);
    const loaded = await loadProject({ cwd: folder, env: {}, reader: systemFileReader });
    const { project, origins, diagnostics } = loaded;
    if (project === undefined) throw new Error(JSON.stringify(diagnostics));
    return compileRules({
      project,
      services,
      workingDir: folder,
      origin: (path) => origins.origin(path),
      readFile: (path) => {
        try {
          return readFileSync(path, 'utf8');
        } catch {
          return undefined;
        }
      },
    });
  }

  /** Code, line and column of each problem. */
  function places({ problems }: CompiledRules): string[] {
    return problems.map(({ error, fatal }) => {
      const { start } = (error.details as { range: { start: { line: number; column: number } } })
        .range;
      return `${fatal ? 'error' : 'note'} ${error.code} ${start.line}:${start.column}`;
    });
  }

  it('names the place of each rule that is wrong, and keeps the others', async () => {
    const compiled = await compile(`
services:
  web:
    image: x
    develop:
      watch:
        - {path: src, action: rebuild}
        - {path: src, target: /a, action: sync+exec}
        - {path: src, target: /a, action: sync, ignore: ["ok", "a["]}
        - {path: src, target: /a, action: sync}
`);
    expect(places(compiled)).to.deep.equal([
      'error WATCH_BUILD_MISSING 7:31',
      'error WATCH_EXEC_MISSING 8:43',
      'error WATCH_PATTERN_INVALID 9:64',
    ]);
    expect(compiled.rules.map(({ definition }) => definition.index)).to.deep.equal([3]);
  });

  it('notes a path outside of the project and one that is bind-mounted to its very target', async () => {
    const compiled = await compile(`
services:
  web:
    image: x
    volumes: ["./src:/app/src", "./ctx:/elsewhere"]
    develop:
      watch:
        - {path: .., target: /up, action: sync}
        - {path: src, target: /app/src/, action: sync+restart}
        - {path: ctx, target: /app/ctx, action: sync}
`);
    expect(places(compiled)).to.deep.equal([
      'note WATCH_PATH_OUTSIDE 8:18',
      'note WATCH_BIND_MOUNTED 9:18',
    ]);
    expect(compiled.rules.map(({ syncs }) => syncs)).to.deep.equal([true, false, true]);
  });

  it("reads the Dockerfile's own ignore file before the context's", async () => {
    writeFileSync(join(folder, 'ctx/.dockerignore'), 'a\n');
    const yaml = `
services:
  web:
    build: {context: ctx, dockerfile: web.Dockerfile}
    develop: {watch: [{path: ctx, action: rebuild}]}
`;
    const match = async (name: string) => (await compile(yaml)).rules[0]?.match(join(folder, name));
    expect(await match('ctx/a')).to.equal(undefined);
    writeFileSync(join(folder, 'ctx/web.Dockerfile.dockerignore'), 'b\n');
    expect(await match('ctx/a')).to.equal('a');
    expect(await match('ctx/b')).to.equal(undefined);
  });

  it('watches what a link leads to', async () => {
    symlinkSync('src', join(folder, 'link'));
    const yaml = `services: {web: {image: x, develop: {watch: [{path: link, target: /a, action: sync}]}}}`;
    const [rule] = (await compile(yaml)).rules;
    expect(rule?.path).to.equal(join(folder, 'src'));
  });

  it('refuses services without rules, and unknown ones', async () => {
    const yaml = 'services: {web: {image: x}}';
    for (const [services, code] of [
      [[], 'WATCH_NOT_CONFIGURED'],
      [['web'], 'WATCH_NOT_CONFIGURED'],
      [['nope'], 'PROJECT_SERVICE_UNKNOWN'],
    ] as const) {
      const error = await compile(yaml, [...services]).catch((caught: unknown) => caught);
      expect(error).to.have.property('code', code);
    }
  });
});
