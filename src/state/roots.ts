import { join } from 'node:path';

/**
 * The two folders under which everything of ours lives. `data` survives a reboot, `run` does not.
 * Both are parameters everywhere, so that tests and two users never meet.
 */
export interface StateRoots {
  /** Absolute; `/var/lib/coracle` unless `CORACLE_DATA` says otherwise. */
  readonly data: string;
  /** Absolute; `/run/coracle` unless `CORACLE_RUN` says otherwise. */
  readonly run: string;
}

/** Reads the roots from an environment that is passed in. */
export function stateRoots(env: Readonly<Record<string, string | undefined>>): StateRoots {
  return { data: env.CORACLE_DATA || '/var/lib/coracle', run: env.CORACLE_RUN || '/run/coracle' };
}

/** Paths of one container's files; the writers of each are named in docs/on-disk-layout.md. */
export function containerPaths(roots: StateRoots, id: string) {
  const dir = join(roots.data, 'containers', id);
  const run = join(roots.run, 'containers', id);
  return {
    dir,
    record: join(dir, 'container.json'),
    spec: join(dir, 'config.json'),
    shim: join(dir, 'shim.json'),
    log: join(dir, 'log'),
    upper: join(dir, 'upper'),
    work: join(dir, 'work'),
    rootfs: join(dir, 'rootfs'),
    run,
    state: join(run, 'state.json'),
    control: join(run, 'ctl'),
    lock: join(roots.run, 'locks', id),
  } as const;
}
