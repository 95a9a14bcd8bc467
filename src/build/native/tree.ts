import { runNative } from './run-native.ts';

/** A root as the native side opens it: a folder, or layers (topmost first) laid over each other. */
export type NativeRoot =
  | { readonly folder: string }
  | { readonly lower: readonly string[]; readonly upper?: string; readonly work?: string };

/** One entry of a source. */
export interface TreeEntry {
  /** Index of the asked path that it belongs to. */
  readonly request: number;
  /** The path that was matched, from the root, without a leading slash. */
  readonly top: string;
  /** Below the matched path; empty for itself. */
  readonly path: string;
  readonly type: 'file' | 'dir' | 'link' | 'special';
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Of a file, where it was asked for: sha256 in hex. */
  readonly hash?: string;
  /** Of a link. */
  readonly target?: string;
  /** Where it really lies in the root, if that is another name. */
  readonly from?: string;
}

/** One thing to make in a root; `to` is absolute inside it. Modes are permission bits, owners indexes of `owners`. */
export interface TreeOperation {
  readonly op: 'mkdir' | 'dir' | 'file' | 'data' | 'link' | 'special';
  readonly to: string;
  /** Index of `roots`. */
  readonly root?: number;
  readonly from?: string;
  /** The name that a file gets where `to` is a folder; where `to` is a link, the file is written to where that leads. */
  readonly into?: string;
  readonly mode?: number;
  readonly owner?: number;
  readonly content?: string;
  /** 1: the folder that is copied itself, of which only the content counts. */
  readonly top?: 0 | 1;
  /** Hard links are kept within a group. */
  readonly group?: number;
  /** 1: extended attributes are copied, too. */
  readonly xattrs?: 0 | 1;
}

export interface TreeChange {
  readonly target: NativeRoot;
  readonly roots: readonly NativeRoot[];
  /** `uid:gid` or names of the target's own /etc/passwd. */
  readonly owners: readonly string[];
  readonly ops: readonly TreeOperation[];
  /** Seconds since 1970 in place of every source's own time. */
  readonly time?: number;
}

/**
 * Lists what lies at the paths (with Go's wildcards) of a root, links on the way resolved inside it.
 * @throws {AppError} `BUILD_COPY_FAILED`
 */
export async function listTree(
  binary: string,
  root: NativeRoot,
  paths: readonly string[],
  options: { readonly hash: boolean; readonly signal?: AbortSignal | undefined },
): Promise<TreeEntry[]> {
  const output = await runNative(binary, ['tree-list'], {
    request: { root, paths, hash: options.hash ? 1 : 0 },
    signal: options.signal,
  });
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TreeEntry);
}

/**
 * Makes and copies into a root.
 * @throws {AppError} `BUILD_COPY_FAILED`
 */
export async function applyTree(
  binary: string,
  change: TreeChange,
  signal?: AbortSignal,
): Promise<void> {
  await runNative(binary, ['tree-apply'], { request: change, signal });
}

/** A packed layer. */
export interface PackedLayer {
  /** `sha256:…` of the archive, which is not compressed. */
  readonly diffId: string;
  readonly size: number;
  readonly entries: number;
}

/**
 * Packs an overlay's upper folder as a layer.
 * @param file  a new file.
 * @param latest  seconds since 1970; no later time gets into the archive.
 */
export async function packLayer(
  binary: string,
  folder: string,
  file: string,
  latest?: number,
): Promise<PackedLayer> {
  const output = await runNative(binary, [
    'layer-tar',
    folder,
    file,
    ...(latest === undefined ? [] : [String(latest)]),
  ]);
  return JSON.parse(output) as PackedLayer;
}
