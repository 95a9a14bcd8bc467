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
  // Plain concatenation: listing containers asks for hundreds of these.
  const dir = `${roots.data}/containers/${id}`;
  const run = `${roots.run}/containers/${id}`;
  return {
    dir,
    record: `${dir}/container.json`,
    spec: `${dir}/config.json`,
    shim: `${dir}/shim.json`,
    lastState: `${dir}/last-state.json`,
    log: `${dir}/log`,
    upper: `${dir}/upper`,
    work: `${dir}/work`,
    rootfs: `${dir}/rootfs`,
    run,
    state: `${run}/state.json`,
    control: `${run}/ctl`,
    lock: `${roots.run}/locks/${id}`,
  } as const;
}
