import type { ContainerInspectInfo } from '../api.ts';
import type { MountPoint } from '../create/mount-point.ts';

export type MountView = ContainerInspectInfo['Mounts'][number];

/** A mount as `inspect` and listings show it. */
export function mountView(mount: MountPoint): MountView {
  const common = {
    Source: mount.source,
    Destination: mount.target,
    Mode: mount.mode,
    RW: !mount.readOnly,
    Propagation: mount.type === 'bind' ? (mount.propagation ?? 'rprivate') : '',
  };
  if (mount.type !== 'volume') return { Type: mount.type, ...common };
  return { Type: 'volume', Name: mount.volume ?? '', Driver: 'local', ...common };
}
