/** Stores of images, each of its own, and images to fill registries with. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ErrorCode, isAppError } from '../../../src/core/index.ts';
import { importImage, type PullOptions, resolveImage } from '../../../src/image/index.ts';
import { type CommandResult, coracleProgram, runCommand } from '../command.ts';
import { nativeBinary } from '../untar-bench.ts';

/** A changed /etc over the machine's, in a mount namespace: $0 a folder, $1 its hosts, $2 what certs.d is to have. */
const ownEtc = `
mkdir -p "$0/etc"
mount -t tmpfs tmpfs "$0/etc"
mkdir "$0/etc/upper" "$0/etc/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$0/etc/upper,workdir=$0/etc/work" /etc
printf "$1" > /etc/hosts
mkdir -p /etc/coracle
if [ -n "$2" ]; then cp -r "$2" /etc/coracle/certs.d; fi
shift 2
exec "$@"`;

export class RegistryLab {
  readonly folder = mkdtempSync(join(tmpdir(), 'coracle-registry-'));
  #serial = 0;

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A store with nothing in it, and how to pull into it. */
  store(env: Readonly<Record<string, string>> = {}): PullOptions {
    this.#serial += 1;
    const data = join(this.folder, `store-${this.#serial}`);
    mkdirSync(data);
    return {
      roots: { data, run: join(data, 'run') },
      native: nativeBinary,
      env: { HOME: join(this.folder, 'home'), ...env },
      now: Date.now,
    };
  }

  /** An image of these files. */
  async importTree(
    { roots, native }: PullOptions,
    name: string,
    files: Readonly<Record<string, string | Buffer>>,
  ): Promise<void> {
    this.#serial += 1;
    const tree = join(this.folder, `tree-${this.#serial}`);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(tree, path, '..'), { recursive: true });
      writeFileSync(join(tree, path), content);
    }
    const archive = `${tree}.tar`;
    execFileSync('tar', ['-C', tree, '-cf', archive, '.']);
    await importImage(archive, { roots, native, name, created: '2026-01-02T03:04:05Z' });
  }

  /** The content of a file in the lowest layer of an image. */
  fileOf({ roots }: PullOptions, name: string, path: string): string {
    const [layer = ''] = resolveImage(roots, name).layerPaths;
    return readFileSync(join(layer, path), 'utf8');
  }

  /**
   * `coracle ARGS` on a store.
   * @param machine  what is to stand in its /etc/hosts (each for 127.0.0.1) and, under certs.d, for a host: seen by it alone.
   */
  coracle(
    { roots, env }: PullOptions,
    args: readonly string[],
    {
      input = '',
      hosts = [],
      certificates,
    }: {
      readonly input?: string;
      readonly hosts?: readonly string[];
      readonly certificates?: string;
    } = {},
  ): Promise<CommandResult> {
    const argv = [process.execPath, coracleProgram, ...args];
    const names = ['localhost', ...hosts].map((name) => `127.0.0.1 ${name}\\n`).join('');
    const own = ['unshare', '--mount', 'sh', '-ec', ownEtc, this.folder, names, certificates ?? ''];
    return runCommand([...own, ...argv], {
      input,
      env: { PATH: process.env.PATH, ...env, CORACLE_DATA: roots.data, CORACLE_RUN: roots.run },
    });
  }
}

/** What a pull or push fails with. */
export async function failure(code: ErrorCode, work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (isAppError(error, code)) return error;
    throw error;
  }
  throw new Error(`expected ${code}`);
}
