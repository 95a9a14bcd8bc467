import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { AppError } from '../../core/index.ts';
import { isErrno } from '../../state/index.ts';

export interface DebstrapOptions {
  readonly suite: string;
  /** mmdebstrap(1): `minbase`, `apt`, `essential`, `standard`, … */
  readonly variant: string;
  readonly include: readonly string[];
  /** Leave out manual pages, documentation (but licences) and translations, as Docker's slim images do. */
  readonly slim: boolean;
  /** Lines of a sources.list. */
  readonly sources: readonly string[];
  /** The archive to write. */
  readonly target: string;
  /** Seconds since 1970; no file gets a later time, so equal packages give equal bytes. */
  readonly epoch: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

const slimExcludes = [
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/info/*',
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'path-exclude=/usr/share/locale/*',
  'path-include=/usr/share/locale/locale.alias',
  'path-exclude=/usr/share/lintian/*',
  'path-exclude=/usr/share/linda/*',
];

/** Makes /bin a link before any package asks for it: otherwise the package usrmerge comes in, and 35 MB of perl with it. */
const mergedUsrHook = '/usr/share/mmdebstrap/hooks/maybe-merged-usr';

/**
 * mmdebstrap leaves the host's own in the image. The files stay, empty, as every container gets its own mounted there.
 */
const emptyHostFiles =
  '--customize-hook=for f in hostname resolv.conf; do : > "$1/etc/$f"; chmod 644 "$1/etc/$f"; done';

/** Output lines that an error shows. */
const linesKept = 12;

/**
 * Makes the archive of a root file system from packages.
 * @throws {AppError} `IMAGE_BOOTSTRAP_TOOL_MISSING`, `IMAGE_BOOTSTRAP_FAILED`
 */
export async function debstrap(options: DebstrapOptions): Promise<void> {
  const argv = [
    '--mode=root',
    '--format=tar',
    `--variant=${options.variant}`,
    ...(existsSync(mergedUsrHook) ? [`--hook-dir=${mergedUsrHook}`] : []),
    emptyHostFiles,
    ...(options.include.length > 0 ? [`--include=${options.include.join(',')}`] : []),
    ...(options.slim ? slimExcludes.map((line) => `--dpkgopt=${line}`) : []),
    options.suite,
    options.target,
    ...options.sources,
  ];
  const last: string[] = [];
  const child = spawn('mmdebstrap', argv, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...options.env,
      SOURCE_DATE_EPOCH: String(options.epoch),
      LC_ALL: 'C.UTF-8',
      DEBIAN_FRONTEND: 'noninteractive',
    },
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const lines = createInterface({ input: child.stderr });
  lines.on('line', (line) => {
    if (line.startsWith('I: ')) options.onProgress?.(line.slice(3));
    last.push(line);
    if (last.length > linesKept) last.shift();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause) => reject(startFailure(cause)));
    child.on('close', resolve);
  });
  if (code === 0) return;
  const wanted = `${options.suite}${options.include.length > 0 ? ` with ${options.include.join(', ')}` : ''}`;
  throw new AppError(
    'IMAGE_BOOTSTRAP_FAILED',
    `mmdebstrap could not make ${wanted} (exit code ${code}):\n${last.join('\n')}`,
    { details: { exitCode: code, output: last } },
  );
}

function startFailure(cause: Error): Error {
  if (!isErrno(cause, 'ENOENT')) return cause;
  return new AppError('IMAGE_BOOTSTRAP_TOOL_MISSING', 'mmdebstrap is not installed', { cause });
}
