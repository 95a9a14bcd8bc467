import { join } from 'node:path';
import type { RuntimeMount } from '../../runtime/index.ts';
import type { MountPoint } from './mount-point.ts';

/** The mounts of a bundle, in the order of the record: parents first. */
export function runtimeMounts(mounts: readonly MountPoint[]): RuntimeMount[] {
  return mounts.map(runtimeMount);
}

function runtimeMount(mount: MountPoint): RuntimeMount {
  if (mount.type === 'tmpfs') return tmpfs(mount);
  return {
    type: 'bind',
    source: mount.subpath === undefined ? mount.source : join(mount.source, mount.subpath),
    target: mount.target,
    ...(mount.readOnly ? { readOnly: true } : {}),
    ...(mount.propagation === undefined ? {} : { propagation: mount.propagation }),
    ...(mount.nonRecursive ? { recursive: 'disabled' as const } : {}),
  };
}

const sizeUnits: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `size=64m` and `mode=1777` become fields of their own, as both are numbers; the rest stays options. */
function tmpfs(mount: MountPoint): RuntimeMount {
  const options: string[] = [];
  let sizeBytes: number | undefined;
  let mode: number | undefined;
  for (const option of mount.options ?? []) {
    const [, size, unit = ''] = /^size=(\d+)([kmg]?)$/i.exec(option) ?? [];
    const [, bits] = /^mode=([0-7]{1,4})$/.exec(option) ?? [];
    if (size !== undefined) sizeBytes = Number(size) * (sizeUnits[unit.toLowerCase()] ?? 1);
    else if (bits !== undefined) mode = Number.parseInt(bits, 8);
    else if (option !== 'ro' && option !== 'rw') options.push(option);
  }
  return {
    type: 'tmpfs',
    target: mount.target,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(mode === undefined ? {} : { mode }),
    ...(mount.readOnly ? { readOnly: true } : {}),
    ...(options.length === 0 ? {} : { options }),
  };
}
