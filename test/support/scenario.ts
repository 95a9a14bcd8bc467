/**
 * One stack in a world of its own: a project folder, a data folder that has the cached images and nothing else, a
 * run folder, and our commands pointed at them. Closing it brings the stack down and proves that nothing is left.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
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
import { expectNothingLeft, type Snapshot, takeSnapshot } from './leftovers.ts';
import { imageCache } from './test-images.ts';

/** What a container's shim says of it; the parts that tests look at. */
export interface ContainerState {
  readonly id: string;
  readonly status: string;
  readonly pid: number;
  readonly shimPid: number;
  readonly exitCode: number;
  readonly restartCount: number;
}

export class Scenario {
  readonly folder: string;
  readonly roots: StateRoots;
  readonly #before: Snapshot;

  private constructor(folder: string, roots: StateRoots, before: Snapshot) {
    this.folder = folder;
    this.roots = roots;
    this.#before = before;
  }

  /**
   * @param project name of the project folder, and so of the project.
   * @param files path in the project folder → content.
   */
  static open(project: string, files: Readonly<Record<string, string>> = {}): Scenario {
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
      execFileSync('mount', ['--bind', join(imageCache, part), join(roots.data, part)]);
    }
    mkdirSync(roots.run);
    const scenario = new Scenario(folder, roots, takeSnapshot(roots));
    for (const [path, content] of Object.entries(files)) scenario.write(path, content);
    return scenario;
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
    const id = basename(readlinkSync(join(this.roots.data, 'names', name)));
    const path = join(this.roots.run, 'containers', id, 'state.json');
    return JSON.parse(readFileSync(path, 'utf8')) as ContainerState;
  }

  /** Proves that no process, mount, link, cgroup, table or file is there that was not at the beginning. */
  expectNothingLeft(): Promise<void> {
    return expectNothingLeft(this.#before, this.roots);
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
      for (const part of ['images', 'layers']) {
        execFileSync('umount', ['--lazy', join(this.roots.data, part)]);
      }
      rmSync(dirname(this.folder), { recursive: true, force: true });
    }
  }

  #composeArgv(args: readonly string[]): string[] {
    return [process.execPath, composeProgram, ...args];
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
    const snapshot = takeSnapshot(this.roots);
    const text = Object.entries(snapshot).map(
      ([kind, lines]) => `${kind}\n  ${[...lines].join('\n  ')}\n`,
    );
    writeFileSync(join(folder, 'snapshot.txt'), text.join(''));
  }
}
