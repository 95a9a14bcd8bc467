/** Checks out repositories that `include` and `extends` name, by the git program. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type RemoteFiles, unreachable } from './remote.ts';

const timeoutMs = 120_000;

/** An address taken apart: `https://example.org/a.git#v1:sub/compose.yaml`. */
export interface GitAddress {
  readonly repository: string;
  /** Branch, tag or commit; `HEAD` where none is given. */
  readonly ref: string;
  /** Below the root; empty for the root itself. */
  readonly path: string;
}

/** @returns undefined for what git could take for an option or a path out of the repository. */
export function parseGitAddress(address: string): GitAddress | undefined {
  const [, location = '', fragment = ''] = /^([^#]*)(?:#(.*))?$/s.exec(address) ?? [];
  const colon = fragment.indexOf(':');
  const ref = colon === -1 ? fragment : fragment.slice(0, colon);
  const path = colon === -1 ? '' : fragment.slice(colon + 1);
  const isSafe =
    /^(\w[\w./-]*)?$/.test(ref) && !ref.includes('..') && !/(^|\/)(\.\.|\.git)(\/|$)/.test(path);
  const repository = location.startsWith('github.com/') ? `https://${location}` : location;
  return isSafe && !location.startsWith('-')
    ? { repository, ref: ref === '' ? 'HEAD' : ref, path: path.replace(/^\/+/, '') }
    : undefined;
}

/**
 * Fetches with git into `cacheFolder`. The repository's own data lies beside the checkout, not in it: a container that is
 * given the checkout must not be able to configure the git that runs at the next load.
 */
export function gitRemoteFiles(
  cacheFolder: string,
  env: Readonly<Record<string, string | undefined>>,
): RemoteFiles {
  return {
    fetch(address) {
      const parsed = parseGitAddress(address);
      if (parsed === undefined) {
        throw unreachable(address, 'its part after # is no branch, tag or commit with a path');
      }
      const { repository, ref, path } = parsed;
      const name = createHash('sha256').update(repository).digest('hex').slice(0, 32);
      const gitFolder = join(cacheFolder, `${name}.git`);
      const git = gitIn(gitFolder, env);
      try {
        mkdirSync(gitFolder, { recursive: true, mode: 0o700 });
        git(['init', '--quiet', '--bare', gitFolder]);
        const isPinned = /^([\da-f]{40}|[\da-f]{64})$/.test(ref);
        const commit = isPinned && hasCommit(git, ref) ? ref : fetchCommit(git, repository, ref);
        const folder = checkOut(git, join(cacheFolder, name), commit);
        const pinned = `${repository}#${commit}${path === '' ? '' : `:${path}`}`;
        return {
          folder,
          path: join(folder, path),
          revision: `commit ${commit}`,
          ...(isPinned ? {} : { pinnedAddress: pinned }),
        };
      } catch (error) {
        throw unreachable(address, ...reasonOf(error));
      }
    },
  };
}

type Git = (args: readonly string[]) => string;

function gitIn(gitFolder: string, env: Readonly<Record<string, string | undefined>>): Git {
  return (args) =>
    execFileSync('git', [`--git-dir=${gitFolder}`, '-c', 'core.hooksPath=/dev/null', ...args], {
      encoding: 'utf8',
      timeout: timeoutMs,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...env,
        GIT_ALLOW_PROTOCOL: 'git:http:https:ssh',
        GIT_TERMINAL_PROMPT: '0',
        LC_ALL: 'C',
      },
    }).trim();
}

function hasCommit(git: Git, commit: string): boolean {
  try {
    git(['cat-file', '-e', `${commit}^{tree}`]);
    return true;
  } catch {
    // not fetched yet; what else may be wrong shows when it is
    return false;
  }
}

function fetchCommit(git: Git, repository: string, ref: string): string {
  const fetch = (...args: string[]) => git(['fetch', '--quiet', '--no-tags', '--force', ...args]);
  try {
    fetch('--depth=1', '--', repository, ref);
    return git(['rev-parse', '--verify', 'FETCH_HEAD^{commit}']);
  } catch {
    // a server of plain files has no shallow copies, and gives no commit by its number
    fetch('--', repository, '+HEAD:refs/fetched/HEAD', '+refs/*:refs/fetched/*');
  }
  const names = [
    ref,
    `refs/fetched/${ref}`,
    `refs/fetched/tags/${ref}`,
    `refs/fetched/heads/${ref}`,
  ];
  const candidates = ref === 'HEAD' ? ['refs/fetched/HEAD'] : names;
  for (const [index, name] of candidates.entries()) {
    try {
      return git(['rev-parse', '--verify', `${name}^{commit}`]);
    } catch (error) {
      if (index === candidates.length - 1) {
        throw error;
      }
    }
  }
  return '';
}

/** The commit's files; made once, under another name until they are complete. */
function checkOut(git: Git, parent: string, commit: string): string {
  const folder = join(parent, commit);
  if (!existsSync(folder)) {
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    const unfinished = mkdtempSync(join(parent, '.unfinished-'));
    try {
      git([`--work-tree=${unfinished}`, 'checkout', '--quiet', '--force', commit, '--', '.']);
      renameSync(unfinished, folder);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      // another process may have made the same one meanwhile
      if (!existsSync(folder)) {
        throw error;
      }
    }
  }
  return realpathSync(folder);
}

function reasonOf(error: unknown): [reason: string, hint?: string] {
  const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
  if (code === 'ENOENT') {
    return ['there is no git program', 'Install git.'];
  }
  if (code === 'ETIMEDOUT') {
    return [`git took more than ${timeoutMs / 1000} seconds`];
  }
  const lines = (stderr ?? '').trim().split('\n');
  const line = lines.find((one) => one.startsWith('fatal: ')) ?? lines[0] ?? '';
  return [line === '' ? message : line.replace(/^fatal: /, '')];
}
