import { readFileSync } from 'node:fs';

/**
 * One process over its whole life: a pid alone is reused. `start` is field 22 of `/proc/<pid>/stat`, in clock
 * ticks since boot (proc_pid_stat(5)).
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly start: string;
}

/** The start time of `pid`, or undefined where no such process lives (a zombie does not live). */
export function processStart(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // ENOENT or ESRCH: it is gone, which is the answer.
    return undefined;
  }
  // The name in parentheses may hold spaces and parentheses itself: the fields are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** True while exactly this process lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  return processStart(identity.pid) === identity.start;
}

let own: ProcessIdentity | undefined;

/** This very process. */
export function ownIdentity(): ProcessIdentity {
  own ??= { pid: process.pid, start: processStart(process.pid) ?? '0' };
  return own;
}
