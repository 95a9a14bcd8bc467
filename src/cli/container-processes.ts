import { readFileSync, statSync } from 'node:fs';
import { stripControls } from './text/strip-controls.ts';

/** One process of a container as `ps -ef` shows it, with the host's process ids. */
export interface ContainerProcess {
  readonly pid: number;
  readonly parent: number;
  readonly user: string;
  /** Processor use since its start in percent, as ps has it. */
  readonly cpu: string;
  readonly startTime: string;
  readonly tty: string;
  readonly cpuTime: string;
  readonly command: string;
}

/** Clock ticks a second that /proc counts in; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Processes by their ids, in that order; those that have ended meanwhile are left out. */
export function processesOf(pids: readonly number[], nowMs: number): ContainerProcess[] {
  const users = userNames();
  const uptimeS = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  return [...pids]
    .sort((a, b) => a - b)
    .flatMap((pid) => readProcess(pid, { users, uptimeS, nowMs }) ?? []);
}

interface ReadingContext {
  readonly users: ReadonlyMap<number, string>;
  readonly uptimeS: number;
  readonly nowMs: number;
}

function readProcess(
  pid: number,
  { users, uptimeS, nowMs }: ReadingContext,
): ContainerProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const arguments_ = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const cpuS = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    const ageS = uptimeS - Number(fields[19]) / ticksPerSecond;
    const { uid } = statSync(`/proc/${pid}`);
    return {
      pid,
      parent: Number(fields[1]),
      user: users.get(uid) ?? String(uid),
      cpu: String(ageS > 0 ? Math.floor((cpuS / ageS) * 100) : 0),
      startTime: new Date(nowMs - ageS * 1000).toTimeString().slice(0, 5),
      tty: Number(fields[4]) === 0 ? '?' : `pts/${Number(fields[4]) & 0xff}`,
      cpuTime: clock(cpuS),
      command: stripControls(arguments_.length > 0 ? arguments_.join(' ') : `[${name}]`),
    };
  } catch (error) {
    // It ended while it was looked at.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

function clock(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function userNames(): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid] = line.split(':');
    if (name !== undefined && uid !== undefined) names.set(Number(uid), name);
  }
  return names;
}
