import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '../../core/index.ts';
import { unfinishedName } from '../../image/index.ts';
import type { StateRoots } from '../../state/index.ts';
import { buildPaths } from '../cache/build-paths.ts';
import { digestKey } from '../cache/digest-key.ts';

/** An address of a repository taken apart: `URL#ref:folder`. */
export interface GitAddress {
  readonly url: string;
  readonly ref: string | undefined;
  readonly folder: string;
}

/** A commit of a repository, checked out. */
export interface GitCheckout {
  readonly path: string;
  readonly commit: string;
}

const gitUrl = /^(?:git:\/\/|git@|ssh:\/\/|(?:https?|file):\/\/[^#]+\.git(?:#|$)|github\.com\/)/;

/** Reads the address of a repository; undefined for what is none. */
export function parseGitAddress(text: string): GitAddress | undefined {
  if (!gitUrl.test(text)) return undefined;
  const [address = '', fragment = ''] = text.split('#', 2);
  const [ref = '', ...folder] = fragment.split(':');
  return {
    url: address.startsWith('github.com/') ? `https://${address}` : address,
    ref: ref === '' ? undefined : ref,
    folder: posix.normalize(`/${folder.join(':')}`).slice(1),
  };
}

/**
 * Checks a repository out, without history. A commit that was checked out before is used again.
 * @throws {AppError} `BUILD_FETCH_FAILED`, `BUILD_CONTEXT_INVALID`
 */
export async function checkoutGit(
  roots: StateRoots,
  address: GitAddress,
  options: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly signal: AbortSignal;
    readonly keepGitDir?: boolean;
  },
): Promise<GitCheckout> {
  const git = gitRunner(options);
  const isCommit = /^[0-9a-f]{40}$/.test(address.ref ?? '');
  const commit = isCommit ? (address.ref as string) : await remoteCommit(git, address);
  const { downloads } = buildPaths(roots);
  const path = join(
    downloads,
    `git-${digestKey(address.url, commit, options.keepGitDir ?? false)}`,
  );
  if (existsSync(path)) return { path, commit };
  const temporary = join(downloads, unfinishedName());
  mkdirSync(temporary, { recursive: true, mode: 0o755 });
  try {
    await git(['init', '--quiet', temporary], address.url);
    const inside = ['-C', temporary];
    const wanted = isCommit ? commit : (address.ref ?? 'HEAD');
    await git([...inside, 'fetch', '--quiet', '--depth=1', '--', address.url, wanted], address.url);
    await git([...inside, 'checkout', '--quiet', 'FETCH_HEAD'], address.url);
    await git(
      [...inside, 'submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1'],
      address.url,
    );
    if (!options.keepGitDir) rmSync(join(temporary, '.git'), { recursive: true, force: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(path)) throw error;
  }
  return { path, commit };
}

type Git = (argv: readonly string[], url: string) => Promise<string>;

async function remoteCommit(git: Git, { url, ref }: GitAddress): Promise<string> {
  const lines = (await git(['ls-remote', '--', url, ref ?? 'HEAD'], url)).trim().split('\n');
  // Of a tag with its own object, the commit it points to.
  const line = lines.find((text) => text.endsWith('^{}')) ?? lines[0] ?? '';
  const [commit = ''] = line.split('\t');
  if (/^[0-9a-f]{40}$/.test(commit)) return commit;
  throw new AppError(
    'BUILD_CONTEXT_INVALID',
    `repository ${url} has no reference "${ref ?? 'HEAD'}"`,
  );
}

function gitRunner({
  env,
  signal,
}: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}): Git {
  return async (argv, url) => {
    try {
      // Hooks and helpers of a configuration could run anything; a repository of a stranger's is fetched as root here.
      const { stdout } = await promisify(execFile)(
        'git',
        ['-c', 'core.hooksPath=/dev/null', '-c', 'protocol.ext.allow=never', ...argv],
        { env: { ...env, GIT_TERMINAL_PROMPT: '0' }, signal, maxBuffer: 16 * 1024 * 1024 },
      );
      return stdout;
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'AbortError') throw cause;
      const { stderr = '', message } = cause as { stderr?: string; message: string };
      const said = stderr.trim().split('\n').at(-1) || message;
      throw new AppError('BUILD_FETCH_FAILED', `git: ${url}: ${said}`, { cause });
    }
  };
}
