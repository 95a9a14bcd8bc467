/** The package as it is published, in a project that knows nothing of this repository. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { repository, runCommand } from '../support/command.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureStandInImages } from '../support/test-images.ts';

describe('the package', function () {
  this.timeout(240_000);
  let scenario: Scenario;

  before(async () => {
    await ensureStandInImages();
    scenario = Scenario.open('consumer', {}, { builds: true });
    cpSync(join(repository, 'fixtures/todo-app'), join(scenario.folder, 'app'), {
      recursive: true,
    });
    scenario.write('app/.env', 'MYSQL_IMAGE=stand-in/mysql:8.0\nNODE_IMAGE=stand-in/node:18\n');
    const modules = join(scenario.folder, 'node_modules');
    mkdirSync(join(modules, 'coracle'), { recursive: true });
    execFileSync('npm', ['run', '-s', 'build:types'], { cwd: repository });
    execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', modules], {
      cwd: repository,
    });
    const [archive = ''] = readdirSync(modules).filter((name) => name.endsWith('.tgz'));
    execFileSync('tar', [
      '-xzf',
      join(modules, archive),
      '-C',
      join(modules, 'coracle'),
      '--strip-components=1',
    ]);
    // What a project with tests in TypeScript has of its own.
    for (const name of ['@types', 'mocha', 'tsx', 'typescript']) {
      symlinkSync(join(repository, 'node_modules', name), join(modules, name));
    }
  });
  after(async function () {
    await scenario.close(this.test?.parent?.tests.find((test) => test.state === 'failed'));
  });

  const run = (...argv: readonly string[]) =>
    runCommand([process.execPath, ...argv], { cwd: scenario.folder, env: scenario.env });
  const installed = (path: string) => join(scenario.folder, 'node_modules', path);

  it('must have the commands, the native programs and the types, and no more than it needs', () => {
    const root = installed('coracle');
    for (const path of [
      ...['dist/compose.cjs', 'dist/coracle.cjs', 'dist/index.mjs', 'dist/types/index.d.ts'],
      ...['native/build/coracle-runtime', 'native/build/coracle-init'],
    ]) {
      expect(existsSync(join(root, path)), path).to.equal(true);
    }
    expect(existsSync(join(root, 'src'))).to.equal(false);
    expect(existsSync(join(root, 'test'))).to.equal(false);
    expect(existsSync(join(root, 'node_modules'))).to.equal(false);
  });

  it('must type-check under strict settings', async () => {
    const strict = {
      compilerOptions: {
        ...{ strict: true, noEmit: true, skipLibCheck: false, target: 'es2023' },
        ...{ module: 'nodenext', types: ['node', 'mocha'] },
      },
      files: ['app/test/todo.test.ts'],
    };
    scenario.write('tsconfig.json', JSON.stringify(strict));
    const checked = await run(installed('typescript/bin/tsc'), '-p', '.');
    expect(checked.code, checked.stdout + checked.stderr).to.equal(0);
  });

  it('must run the todo app and its database in a mocha test', async () => {
    const ran = await run(
      installed('mocha/bin/mocha.js'),
      '--node-option',
      'import=tsx',
      'app/test/todo.test.ts',
    );
    expect(ran.code, ran.stdout + ran.stderr).to.equal(0);
    expect(ran.stdout).to.contain('2 passing');
  });

  it('must have commands that run from where they were installed', async () => {
    const listed = await run(installed('coracle/dist/compose.cjs'), 'ls', '-a', '-q');
    expect(listed, listed.stderr).to.include({ code: 0, stdout: '' });
  });
});
