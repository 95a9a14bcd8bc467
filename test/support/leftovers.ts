/**
 * What a stack leaves on the machine, as data that can be compared: processes, mounts, links, cgroups,
 * nf_tables tables and files. A test takes a snapshot before and one after; what is only in the second was left behind.
 *
 * Links and tables are those of the network namespace that the test runs in: where several tests share one,
 * name what is yours by `roots` and expect other people's links to come and go.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StateRoots } from '../../src/state/index.ts';

/** Lines of text for each kind; the text names the thing well enough to look for it. */
export interface Snapshot {
  readonly processes: ReadonlySet<string>;
  readonly mounts: ReadonlySet<string>;
  readonly links: ReadonlySet<string>;
  readonly cgroups: ReadonlySet<string>;
  readonly tables: ReadonlySet<string>;
  readonly files: ReadonlySet<string>;
}

const CONTAINER_ID = /[0-9a-f]{64}/g;
/** Interfaces that the engine names: bridges and the host ends of veth pairs. */
const OUR_LINK = /^(cor-|cv)/;
/** Folders and files that stay when nothing runs: they belong to no container, network, volume or project. */
const PERMANENT_FILE =
  /^(data\/(images|layers|seccomp|tmp|cache|projects)(\/|$)|data\/build(\/(?!work\/)|$)|run\/(events|lock)$)/;

/** Looks at everything that may belong to the containers under `roots`. */
export function takeSnapshot(roots: StateRoots): Snapshot {
  const ids = knownContainerIds(roots);
  return {
    processes: ourProcesses(roots),
    mounts: linesOf(read('/proc/self/mountinfo'), (line) => mentionsRoots(line, roots)),
    links: new Set(interfaces().filter((name) => OUR_LINK.test(name))),
    cgroups: cgroupsOf(ids),
    tables: linesOf(command('nft', 'list', 'tables'), (line) => line !== ''),
    files: new Set([...filesUnder(roots.data, 'data'), ...filesUnder(roots.run, 'run')]),
  };
}

/** What `after` has and `before` has not, one line each: `process 4242 (coracle-shim)`. */
export function leftovers(before: Snapshot, after: Snapshot): string[] {
  const kinds = Object.keys(before) as (keyof Snapshot)[];
  return kinds.flatMap((kind) =>
    [...after[kind]].filter((line) => !before[kind].has(line)).map((line) => `${kind}: ${line}`),
  );
}

/**
 * Waits until nothing is left (`before` as a function: with what is other people's at that moment), as the kernel frees namespaces and cgroups a moment after their last process.
 * @throws {Error} that lists what is still there after `timeoutMs`.
 */
export async function expectNothingLeft(
  before: Snapshot | (() => Snapshot),
  roots: StateRoots,
  timeoutMs = 3000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const after = takeSnapshot(roots);
    const left = leftovers(typeof before === 'function' ? before() : before, after);
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`left behind:\n  ${left.join('\n  ')}`);
    await sleep(50);
  }
}

/**
 * Processes that were started with the run folder in their environment, hold a file of ours open, or have an overlay of
 * ours as their root.
 */
function ourProcesses(roots: StateRoots): Set<string> {
  const found = new Set<string>();
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    if (!isOurs(pid, roots)) continue;
    const name = read(`/proc/${pid}/comm`).trim();
    if (name !== '') found.add(`${pid} (${name})`);
  }
  return found;
}

function isOurs(pid: string, roots: StateRoots): boolean {
  const environment = read(`/proc/${pid}/environ`).split('\0');
  if (environment.includes(`CORACLE_RUN=${roots.run}`)) return true;
  if (mentionsRoots(read(`/proc/${pid}/cmdline`), roots)) return true;
  if (mentionsRoots(read(`/proc/${pid}/mountinfo`).split('\n')[0] ?? '', roots)) return true;
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const target = link(`/proc/${pid}/fd/${fd}`);
      return target.startsWith(`${roots.run}/`) || target.startsWith(`${roots.data}/containers/`);
    });
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

function mentionsRoots(text: string, roots: StateRoots): boolean {
  // Images and layers are read by tests of other kinds, too: they say nothing about a container.
  return text.includes(`${roots.run}/`) || text.includes(`${roots.data}/containers`);
}

/** Ids of containers that live, and of those that the event log remembers. */
function knownContainerIds(roots: StateRoots): Set<string> {
  const ids = new Set(read(join(roots.run, 'events')).match(CONTAINER_ID) ?? []);
  for (const folder of [join(roots.data, 'containers'), join(roots.run, 'containers')]) {
    for (const name of entries(folder)) ids.add(name.slice(0, 64));
  }
  return ids;
}

function cgroupsOf(ids: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  if (ids.size === 0) return found;
  // Its status tells of folders of other people's that went away meanwhile, which is no concern of ours.
  const argv = ['/sys/fs/cgroup', '-ignore_readdir_race', '-mindepth', '2', '-type', 'd'];
  const { stdout, error } = spawnSync('find', argv, { encoding: 'utf8' });
  if (error) throw error;
  const folders = stdout.split('\n');
  for (const folder of folders) {
    if (folder.match(CONTAINER_ID)?.some((id) => ids.has(id))) found.add(folder);
  }
  return found;
}

function interfaces(): string[] {
  // Not /sys/class/net: a /sys mounted elsewhere shows the links of the namespace it was mounted in.
  return read('/proc/self/net/dev')
    .split('\n')
    .slice(2)
    .map((line) => (line.split(':')[0] ?? '').trim());
}

function filesUnder(folder: string, label: string): string[] {
  const found: string[] = [];
  const pending = entries(folder).map((name) => name);
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const name = `${label}/${path}`;
    if (PERMANENT_FILE.test(name)) continue;
    const inside = entries(join(folder, path));
    if (path.includes('/') || (inside.length === 0 && !isFolder(join(folder, path)))) {
      found.push(name);
    } else {
      pending.push(...inside.map((entry) => `${path}/${entry}`));
    }
  }
  return found;
}

function isFolder(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isGone(error)) return '';
    throw error;
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isGone(error)) return '';
    throw error;
  }
}

/** Processes and their files vanish while they are looked at; a kernel thread has no mounts to show. */
function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return ['ENOENT', 'ESRCH', 'ENOTDIR', 'EINVAL', 'EACCES', 'ENAMETOOLONG'].includes(code);
}

function command(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

function linesOf(text: string, keep: (line: string) => boolean): Set<string> {
  return new Set(text.split('\n').filter(keep));
}
