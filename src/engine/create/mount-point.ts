export type MountPropagation = 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';

/** One mount of a container as its record keeps it; `inspect` shows it as an entry of `Mounts`. */
export interface MountPoint {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'image';
  /** Path on the host; of a volume its `_data`; of an image its reference; empty for tmpfs. */
  readonly source: string;
  /** Absolute path in the container, normalised. */
  readonly target: string;
  readonly readOnly: boolean;
  /** A volume's name. */
  readonly volume?: string;
  /** A volume that nobody named: `remove({ v: true })` takes it along. */
  readonly anonymous?: boolean;
  /** A volume that is not filled from the image. */
  readonly noCopy?: boolean;
  /** bind: without what is mounted below the source. */
  readonly nonRecursive?: boolean;
  /** A folder of the volume or the image. */
  readonly subpath?: string;
  readonly propagation?: MountPropagation;
  /** As written in a short bind, for `inspect`. */
  readonly mode: string;
  /** tmpfs: mount options. */
  readonly options?: readonly string[];
  /** image: its layers, topmost first. */
  readonly lower?: readonly string[];
}
