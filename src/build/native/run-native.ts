import type { Readable } from 'node:stream';
import { AppError } from '../../core/index.ts';
import { spawnChild } from '../../runtime/index.ts';

/** What the native side says when something cannot be done (native/PROTOCOL.md, "error object"). */
interface Failure {
  readonly op?: string;
  readonly path?: string;
  readonly errno?: number;
  readonly errnoName?: string;
  readonly message?: string;
}

/**
 * Runs one command of coracle-runtime with a request on its standard input.
 * @param binary absolute path of coracle-runtime.
 * @throws {AppError} `BUILD_COPY_FAILED` with the path inside the image or its source.
 */
export async function runNative(
  binary: string,
  argv: readonly string[],
  options: { readonly request?: unknown; readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const child = spawnChild(binary, argv, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {},
    ...(options.signal ? { signal: options.signal } : {}),
  });
  // A reader that has failed closes the pipe; its own message says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.request === undefined ? '' : JSON.stringify(options.request));
  const [output, errors, code] = await Promise.all([
    collect(child.stdout),
    collect(child.stderr),
    new Promise<number | null>((resolve, reject) => {
      child.on('error', (cause) => reject(spawnFailure(binary, cause)));
      child.on('close', resolve);
    }),
  ]);
  if (code === 0) return output;
  throw nativeFailure(errors, code);
}

async function collect(stream: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

function spawnFailure(binary: string, cause: Error): Error {
  if (cause.name === 'AbortError') return cause;
  return new AppError('BUILD_COPY_FAILED', `cannot run ${binary}: ${cause.message}`, {
    cause,
    hint: 'Build the native program with `npm run setup`.',
  });
}

function nativeFailure(errors: string, code: number | null): AppError {
  let failure: Failure;
  try {
    failure = JSON.parse(errors) as Failure;
  } catch (cause) {
    const said = errors.trim() || `exit code ${code}`;
    return new AppError('BUILD_COPY_FAILED', `copying ended early: ${said}`, { cause });
  }
  const { op = '', path = '', errnoName = '', message = '' } = failure;
  const reason = errnoName === '' ? '' : ` (${errnoName})`;
  return new AppError('BUILD_COPY_FAILED', `${op} ${path}: ${message}${reason}`, {
    details: { ...failure },
  });
}
