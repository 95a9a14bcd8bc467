import type { StoredLayer } from '../../image/index.ts';
import { digestKey } from '../cache/digest-key.ts';
import type { StepCache, StepRecord } from '../cache/step-cache.ts';

/** A layer that is in the image already, or the result of a step. */
export type BuildLayer =
  | { readonly kind: 'stored'; readonly layer: StoredLayer }
  | { readonly kind: 'step'; readonly key: string; readonly record: StepRecord };

/** A file system at one point of a build: layers, lowest first, and a name for their content. */
export interface FileState {
  readonly layers: readonly BuildLayer[];
  /** The same layers in the same order have the same id. */
  readonly id: string;
}

/** No files at all: `FROM scratch`. */
export const emptyState: FileState = { layers: [], id: 'scratch' };

/** The state with one more layer on top; a step that changed nothing adds none. */
export function withLayer(state: FileState, layer: BuildLayer): FileState {
  const id = digestKey(
    'state',
    state.id,
    layer.kind === 'stored' ? layer.layer.diffId : layer.record.id,
  );
  const isEmpty = layer.kind === 'step' && layer.record.isEmpty;
  return isEmpty ? state : { layers: [...state.layers, layer], id };
}

/** The folders of a state, topmost first as overlay wants them; undefined where one has gone. */
export function layerFolders(state: FileState, cache: StepCache): string[] | undefined {
  const folders: string[] = [];
  for (const layer of state.layers) {
    const folder = layer.kind === 'stored' ? layer.layer.folder : cache.folder(layer.record);
    if (folder === undefined) return undefined;
    folders.push(folder);
  }
  // Overlay refuses a folder twice; a layer that comes again hides all of its first occurrence.
  return [...new Set(folders.reverse())];
}
