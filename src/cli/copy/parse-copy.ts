import { posix } from 'node:path';
import { AppError } from '../../core/index.ts';

/** One of the two arguments of `cp`. */
export interface CopyArgument {
  /** Container or service; undefined: the host. */
  readonly owner: string | undefined;
  readonly path: string;
}

/** What is copied where: `-` on the host's side is standard input or output. */
export type CopyRequest =
  | { readonly direction: 'in'; readonly owner: string; readonly from: string; readonly to: string }
  | {
      readonly direction: 'out';
      readonly owner: string;
      readonly from: string;
      readonly to: string;
    };

/** `OWNER:PATH`, or a path of the host: absolute, or with a dot at its start where it has a colon. */
export function parseCopyArgument(text: string): CopyArgument {
  const colon = text.indexOf(':');
  if (text.startsWith('/') || text.startsWith('.') || colon <= 0) {
    return { owner: undefined, path: text };
  }
  return { owner: text.slice(0, colon), path: text.slice(colon + 1) };
}

/**
 * The two arguments of `cp`, the host's made absolute; a slash or `/.` at the end stays.
 * @param what  what owns files beside the host: `container` or `service`.
 * @throws {AppError} `CLI_USAGE`
 */
export function parseCopy(
  args: readonly string[],
  cwd: string,
  what: 'container' | 'service',
): CopyRequest {
  const [first, second, ...more] = args;
  if (first === undefined || second === undefined || more.length > 0) {
    throw new AppError(
      'CLI_USAGE',
      `cp needs a source and a destination, one of them in a ${what}`,
    );
  }
  const from = parseCopyArgument(first);
  const to = parseCopyArgument(second);
  if (from.owner !== undefined && to.owner !== undefined) {
    throw new AppError('CLI_USAGE', `copying between ${what}s is not supported`);
  }
  if (to.owner !== undefined) {
    return { direction: 'in', owner: to.owner, from: onHost(from.path, cwd), to: within(to.path) };
  }
  if (from.owner !== undefined) {
    return {
      direction: 'out',
      owner: from.owner,
      from: within(from.path),
      to: onHost(to.path, cwd),
    };
  }
  throw new AppError(
    'CLI_USAGE',
    what === 'service' ? 'unknown copy direction' : 'must specify at least one container source',
    { hint: `Write one side as ${what.toUpperCase()}:PATH.` },
  );
}

function onHost(path: string, cwd: string): string {
  return path === '-' ? path : keepEnd(path, posix.resolve(cwd, path));
}

/** Paths in a container start at its root, with or without a slash. */
function within(path: string): string {
  return keepEnd(path, posix.resolve('/', path));
}

/** `posix.resolve` drops what says that a folder, or its content, is meant. */
function keepEnd(path: string, resolved: string): string {
  if (/(^|\/)\.$/.test(path)) return `${resolved === '/' ? '' : resolved}/.`;
  return path.endsWith('/') && resolved !== '/' ? `${resolved}/` : resolved;
}
