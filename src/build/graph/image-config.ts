import { posix } from 'node:path';
import type { ExecutionConfig, HistoryEntry } from '../../image/index.ts';
import type { CommandForm } from '../dockerfile/instructions.ts';

/** A stage's image configuration while it is built: the same fields, to be changed. */
export interface StageConfig {
  execution: ExecutionConfig;
  history: HistoryEntry[];
  author: string | undefined;
  /** CMD was set in this stage: an ENTRYPOINT does not take it away then. */
  hasOwnCmd: boolean;
}

/** What `docker build` uses for RUN, CMD and ENTRYPOINT in their shell form. */
export const defaultShell: readonly string[] = ['/bin/sh', '-c'];

/** PATH of an image that has none. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The words that a command comes to. */
export function commandWords(command: CommandForm, shell: readonly string[] | undefined): string[] {
  return command.form === 'exec' ? [...command.words] : [...(shell ?? defaultShell), command.line];
}

/** `KEY=value` entries by key, the last one winning. */
export function envMap(env: readonly string[] | undefined): Map<string, string> {
  return new Map(
    (env ?? []).map((entry): [string, string] => {
      const equals = entry.indexOf('=');
      return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}

/** With one variable set; it keeps its place where it was there. */
export function withEnv(env: readonly string[] | undefined, key: string, value: string): string[] {
  const line = `${key}=${value}`;
  const isKey = (entry: string) => entry.startsWith(`${key}=`);
  const list = env ?? [];
  return list.some(isKey) ? list.map((entry) => (isKey(entry) ? line : entry)) : [...list, line];
}

/** A path against the working directory, `.` and `..` resolved; a slash at the end is kept. */
export function absolutePath(workingDir: string | undefined, path: string): string {
  const full = posix.resolve('/', workingDir ?? '', path);
  return /(?:^|\/)\.?$/.test(path) && full !== '/' ? `${full}/` : full;
}

/** `80`, `80/udp`, `8000-8010/tcp` → `80/tcp`, …; undefined for what is no port. */
export function exposedPorts(word: string): string[] | undefined {
  const [, from, to = from, protocol = 'tcp'] =
    // An address and a port of the host may stand before it, and say nothing here.
    /^(?:[^/]*:)?(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word) ?? [];
  const first = Number(from);
  const last = Number(to);
  if (from === undefined || first < 1 || last > 65535 || last < first) return undefined;
  return Array.from(
    { length: last - first + 1 },
    (_, offset) => `${first + offset}/${protocol.toLowerCase()}`,
  );
}
