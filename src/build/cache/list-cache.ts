import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { layerFolder, treeSize, unfinishedPattern } from '../../image/index.ts';
import { isAlive, isErrno, type StateRoots } from '../../state/index.ts';
import { buildPaths } from './build-paths.ts';
import type { StepRecord } from './step-cache.ts';
import { namesIn } from './sweep.ts';

/** Something that builds keep. */
export interface CacheEntry {
  readonly id: string;
  /** `step`: a result; `mount`: the folder of a `--mount=type=cache`; `download`: what ADD or a context was fetched from. */
  readonly type: 'step' | 'mount' | 'download';
  /** The step as it was written; empty for others. */
  readonly description: string;
  /** Its folder is the layer of an image: removing it from the cache frees nothing. */
  readonly isShared: boolean;
  /** Bytes of its own on disk. */
  readonly size: number;
  /** Milliseconds since 1970 of the last build that used it; of a download, that fetched it. */
  readonly usedMs: number;
  /** Where it lies: what is to be removed, the first one first. */
  readonly paths: readonly string[];
}

/** All that builds keep, what was not used for longest first. */
export async function listBuildCache(roots: StateRoots): Promise<CacheEntry[]> {
  const paths = buildPaths(roots);
  const entries: CacheEntry[] = [];
  const described = new Set<string>();
  for (const name of namesIn(paths.records)) {
    const entry = await stepEntry(roots, name);
    if (entry === undefined) continue;
    entries.push(entry);
    described.add(entry.id);
  }
  const others = [
    ['step', paths.snapshots],
    ['mount', paths.mounts],
    ['download', paths.downloads],
  ] as const;
  for (const [type, folder] of others) {
    for (const name of namesIn(folder)) {
      if (type === 'step' && described.has(name)) continue;
      const path = join(folder, name);
      const usedMs = changedMs(path);
      if (usedMs === undefined || unfinishedPattern.test(name)) continue;
      const size = await treeSize(path);
      entries.push({
        id: name,
        type,
        description: '',
        isShared: false,
        size,
        usedMs,
        paths: [path],
      });
    }
  }
  return entries.sort((a, b) => a.usedMs - b.usedMs);
}

/** When the oldest build began that is under way, in milliseconds since 1970; undefined where there is none. */
export function oldestBuild(roots: StateRoots): number | undefined {
  const { work } = buildPaths(roots);
  const begun = namesIn(work).flatMap((name) => {
    const [, pid, start] = unfinishedPattern.exec(name) ?? [];
    if (pid === undefined || start === undefined) return [];
    return isAlive({ pid: Number(pid), start }) ? (changedMs(join(work, name)) ?? []) : [];
  });
  return begun.length === 0 ? undefined : Math.min(...begun);
}

async function stepEntry(roots: StateRoots, name: string): Promise<CacheEntry | undefined> {
  const paths = buildPaths(roots);
  const path = join(paths.records, name);
  const usedMs = changedMs(path);
  const record = readRecord(path);
  if (usedMs === undefined || record === undefined) return undefined;
  const snapshot = paths.snapshot(record.id);
  const { layer } = record;
  const isShared = layer !== undefined && changedMs(layerFolder(roots, layer.diffId)) !== undefined;
  return {
    id: record.id,
    type: 'step',
    description: record.step,
    isShared,
    size: await treeSize(snapshot),
    usedMs,
    paths: [path, snapshot],
  };
}

/** Undefined for one that is gone meanwhile, or cut short: such a one is no entry of the cache. */
function readRecord(path: string): StepRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as StepRecord;
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function changedMs(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
