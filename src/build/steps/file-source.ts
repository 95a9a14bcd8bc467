import { join } from 'node:path';
import { AppError } from '../../core/index.ts';
import type { StepCache } from '../cache/step-cache.ts';
import type { FileHashes } from '../context/file-hashes.ts';
import type { FolderContext } from '../context/folder-context.ts';
import { type FileState, layerFolders } from '../graph/file-state.ts';
import { listTree, type NativeRoot, type TreeEntry } from '../native/tree.ts';

/** Where COPY, ADD and mounts take files from. */
export interface FileSource {
  /** The files at the paths, each with the digest of its content. */
  list(paths: readonly string[], signal: AbortSignal): Promise<readonly TreeEntry[]>;
  /** For the native side. */
  root(): NativeRoot;
  /** Set where the content can never be another one: a name for it. */
  readonly contentId: string | undefined;
  /** Owners and extended attributes are the files' own; those of a context are nobody's. */
  readonly keepsOwners: boolean;
}

/** The files of a folder of this machine. */
export function contextSource(context: FolderContext, hashes: FileHashes): FileSource {
  return {
    contentId: undefined,
    keepsOwners: false,
    root: () => ({ folder: context.root }),
    list: async (paths) =>
      context.list(paths).map((entry) => {
        if (entry.type !== 'file') return entry;
        const path = context.resolve(entry.path === '' ? entry.top : `${entry.top}/${entry.path}`);
        return { ...entry, hash: hashes.hash(join(context.root, path ?? '')) };
      }),
  };
}

/** The files of a stage or an image. */
export function stateSource(state: FileState, cache: StepCache, native: string): FileSource {
  const root = (): NativeRoot => {
    const lower = layerFolders(state, cache);
    if (lower === undefined) throw layerGone();
    return { lower };
  };
  return {
    contentId: state.id,
    keepsOwners: true,
    root,
    list: async (paths, signal) =>
      state.layers.length === 0 ? [] : listTree(native, root(), paths, { hash: true, signal }),
  };
}

/** Only a prune at this very moment can have done it. */
export function layerGone(): AppError {
  return new AppError('IMAGE_LAYER_MISSING', 'a layer that the build needs was removed meanwhile', {
    hint: 'Build again.',
  });
}
