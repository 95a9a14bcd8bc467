import type { Extensions } from './project.wire.ts';
import type { ByteCount } from './service.wire.ts';

export type MountType = 'bind' | 'volume' | 'tmpfs' | 'image' | 'npipe' | 'cluster';

/** One entry of a service's `volumes`. */
export interface ServiceMount extends Extensions {
  readonly type: MountType;
  /** Absolute host path (bind), key of a top-level volume, or image; absent for an anonymous volume. */
  readonly source?: string;
  readonly target: string;
  readonly read_only?: boolean;
  readonly consistency?: string;
  readonly bind?: BindOptions;
  readonly volume?: VolumeOptions;
  readonly tmpfs?: TmpfsOptions;
  readonly image?: ImageMountOptions;
}

export interface BindOptions extends Extensions {
  /** `z` (shared) or `Z` (private) label. */
  readonly selinux?: string;
  readonly propagation?: string;
  /** Make the host folder where it is missing. */
  readonly create_host_path?: boolean;
  readonly recursive?: string;
}

export interface VolumeOptions extends Extensions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly nocopy?: boolean;
  readonly subpath?: string;
}

export interface TmpfsOptions extends Extensions {
  readonly size?: ByteCount;
  /** As a decimal number: `0o1777` is 1023. */
  readonly mode?: number;
}

export interface ImageMountOptions extends Extensions {
  readonly subpath?: string;
}
