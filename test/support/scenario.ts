/**
 * One stack in a world of its own: a project folder, a data folder that has the cached images and nothing else, a
 * run folder, and our commands pointed at them. Closing it brings the stack down and proves that nothing is left.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { StateRoots } from '../../src/state/index.ts';
import {
  type CommandOptions,
  type CommandResult,
  composeProgram,
  coracleProgram,
  repository,
  runCommand,
  startCommand,
} from './command.ts';
import type { ContainerState } from './container-state.ts';
import { type DockerWorld, dockerUnderTest } from './docker-world.ts';
import { expectNothingLeft, type Snapshot, takeSnapshot } from './leftovers.ts';
import { imageCache } from './test-images.ts';

export class Scenario {
  readonly folder: string;
  readonly roots: StateRoots;
  readonly #before: Snapshot | undefined;
  readonly #docker: DockerWorld | undefined;

  private constructor(
    folder: string,
    roots: StateRoots,
    before: Snapshot | undefined,
    docker?: DockerWorld,
  ) {
    this.folder = folder;
    this.roots = roots;
    this.#before = before;
    this.#docker = docker;
  }

  /**
   * @param project name of the project folder, and so of the project.
   * @param files path in the project folder → content.
   * @param options `builds`: images are made here, so that the cache's are copied instead of shown. `empty`: there are none yet.
   */
  static open(
    project: string,
    files: Readonly<Record<string, string>> = {},
    options: { readonly builds?: boolean; readonly empty?: boolean } = {},
  ): Scenario {
    const docker = dockerUnderTest();
    if (docker !== undefined) return Scenario.#onDocker(docker, project, files);
    if (process.env.CORACLE_TEST_NAMESPACES !== 'own') {
      throw new Error('these tests need namespaces of their own: run them with test/e2e/run');
    }
    const world = mkdtempSync(join(tmpdir(), 'coracle-e2e-'));
    const folder = join(world, project);
    const roots = { data: join(world, 'data'), run: join(world, 'run') };
    mkdirSync(folder);
    // The images as they are in the cache; the mounts are seen in this mount namespace only.
    for (const part of ['images', 'layers']) {
      mkdirSync(join(imageCache, part), { recursive: true });
      mkdirSync(join(roots.data, part), { recursive: true });
      if (options.empty) continue;
      if (options.builds) {
        // Hard links: what is in them is never written again, and the index is replaced.
        execFileSync('sh', [
          '-c',
          'cp -al "$0/." "$1" 2>/dev/null || cp -a "$0/." "$1"',
          join(imageCache, part),
          join(roots.data, part),
        ]);
        continue;
      }
      execFileSync('mount', ['--bind', join(imageCache, part), join(roots.data, part)]);
    }
    mkdirSync(roots.run);
    const scenario = new Scenario(folder, roots, takeSnapshot(roots));
    for (const [path, content] of Object.entries(files)) scenario.write(path, content);
    return scenario;
  }

  static #onDocker(
    docker: DockerWorld,
    project: string,
    files: Readonly<Record<string, string>>,
  ): Scenario {
    const world = mkdtempSync(join(tmpdir(), 'coracle-e2e-'));
    const folder = join(world, project);
    mkdirSync(folder);
    const roots = { data: join(world, 'data'), run: join(world, 'run') };
    const scenario = new Scenario(folder, roots, undefined, docker);
    for (const [path, content] of Object.entries(files)) scenario.write(path, content);
    return scenario;
  }

  /** Our own engine, or the Docker Engine that `test/e2e/run-docker` has named. */
  get engine(): 'coracle' | 'docker' {
    return this.#docker === undefined ? 'coracle' : 'docker';
  }

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, CORACLE_DATA: this.roots.data, CORACLE_RUN: this.roots.run };
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** Copies a folder of the repository into the project folder. */
  copy(folder: string): void {
    cpSync(join(repository, folder), this.folder, { recursive: true });
  }

  /** `compose ARGS` to its end. */
  compose(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand(this.#composeArgv(args), this.#options(options));
  }

  /** `compose ARGS`, to be signalled or fed while it runs. */
  startCompose(args: readonly string[], options: CommandOptions = {}) {
    return startCommand(this.#composeArgv(args), this.#options(options));
  }

  /** `compose ARGS`; anything but exit code 0 is a failure that shows what was printed. */
  async mustCompose(...args: readonly string[]): Promise<CommandResult> {
    const result = await this.compose(args);
    if (result.code === 0) return result;
    throw new Error(
      `compose ${args.join(' ')}: exit code ${result.code}\n${result.stdout}${result.stderr}`,
    );
  }

  coracle(...args: readonly string[]): Promise<CommandResult> {
    return runCommand([process.execPath, coracleProgram, ...args], this.#options({}));
  }

  /** The state that the shim of `name` (`project-service-1`) wrote last. */
  state(name: string): ContainerState {
    if (this.#docker !== undefined) return this.#docker.state(name);
    const id = basename(readlinkSync(join(this.roots.data, 'names', name)));
    const path = join(this.roots.run, 'containers', id, 'state.json');
    // No state: it has never been started.
    if (!existsSync(path)) {
      return { id, status: 'created', pid: 0, shimPid: 0, exitCode: 0, restartCount: 0 };
    }
    return JSON.parse(readFileSync(path, 'utf8')) as ContainerState;
  }

  /** Proves that no process, mount, link, cgroup, table or file is there that was not at the beginning. */
  async expectNothingLeft(): Promise<void> {
    this.#docker?.expectNothingLeft(basename(this.folder));
    if (this.#before === undefined) return;
    // The steps of a build have made it, and it stays, as Docker's does.
    await this.coracle('network', 'rm', 'bridge');
    await expectNothingLeft(this.#before, this.roots);
  }

  /**
   * Brings everything down and removes the folders. After a failed test it first saves what explains it in
   * test/artifacts; with KEEP_FAILED=1 all stays as it is.
   */
  async close(test?: Mocha.Test): Promise<void> {
    const hasFailed = test?.state === 'failed';
    if (hasFailed) await this.#saveArtifacts(test.fullTitle());
    if (hasFailed && process.env.KEEP_FAILED) {
      console.log(
        `kept: cd ${this.folder} (CORACLE_DATA=${this.roots.data} CORACLE_RUN=${this.roots.run})`,
      );
      return;
    }
    // Fails where the compose file is what a test got wrong on purpose; what counts is what is left.
    const down = await this.compose(['down', '-v', '-t', '0', '--remove-orphans']);
    try {
      // Where the test itself has failed, its own failure is what is to be read.
      if (!hasFailed) await this.expectNothingLeft();
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`${message}\nafter compose down:\n${down.stdout}${down.stderr}`, {
        cause: error,
      });
    } finally {
      for (const part of this.#before === undefined ? [] : ['images', 'layers']) {
        // What was copied is no mount.
        spawnSync('umount', ['--lazy', '--quiet', join(this.roots.data, part)]);
      }
      rmSync(dirname(this.folder), { recursive: true, force: true });
    }
  }

  /** Another `compose` than the one under test, on the same project. */
  withProgram(program: string): (...args: readonly string[]) => Promise<CommandResult> {
    const env = { CORACLE_NATIVE: join(repository, 'native/build') };
    return (...args) => runCommand(this.#composeArgv(args, program), this.#options({ env }));
  }

  #composeArgv(args: readonly string[], program = composeProgram): string[] {
    const engine = this.#docker === undefined ? [] : ['--engine', this.#docker.address];
    return [process.execPath, program, ...engine, ...args];
  }

  #options(options: CommandOptions): CommandOptions {
    return { cwd: this.folder, ...options, env: { ...this.env, ...options.env } };
  }

  async #saveArtifacts(title: string): Promise<void> {
    const folder = join(repository, 'test/artifacts', title.replace(/[^\w]+/g, '-').slice(0, 80));
    mkdirSync(folder, { recursive: true });
    for (const args of [
      ['ps', '-a'],
      ['logs', '--no-color', '-t'],
    ]) {
      const { stdout, stderr } = await this.compose(args);
      writeFileSync(join(folder, `${args[0]}.txt`), stdout + stderr);
    }
    if (this.#before === undefined) return;
    const snapshot = takeSnapshot(this.roots);
    const text = Object.entries(snapshot).map(
      ([kind, lines]) => `${kind}\n  ${[...lines].join('\n  ')}\n`,
    );
    writeFileSync(join(folder, 'snapshot.txt'), text.join(''));
  }
}
