import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Descriptor, layerFolder, removeTree, unfinishedName } from '../../image/index.ts';
import { isErrno, type StateRoots } from '../../state/index.ts';
import { buildPaths } from './build-paths.ts';

/** `<data>/build/cache/<key>.json`: the result of a step. */
export interface StepRecord {
  readonly version: 1;
  /** Name of the snapshot; what later steps' keys are made from. */
  readonly id: string;
  /** RFC 3339; the time of the image that it becomes a part of. */
  readonly created: string;
  /** The step as it was written. */
  readonly step: string;
  /** It changed nothing: there is no snapshot. */
  readonly isEmpty: boolean;
  /** Set once an image has been made of it; then its folder is the image store's. */
  readonly layer?: {
    /** Digest of the archive. */
    readonly diffId: string;
    readonly descriptor: Descriptor;
    /** Bytes of the uncompressed archive. */
    readonly size: number;
  };
}

/** The results of steps, by what they depend on. */
export class StepCache {
  readonly #roots: StateRoots;
  readonly #paths: ReturnType<typeof buildPaths>;

  readonly #now: () => number;

  /** @param now  milliseconds since 1970. */
  constructor(roots: StateRoots, now: () => number) {
    this.#roots = roots;
    this.#now = now;
    this.#paths = buildPaths(roots);
  }

  /** The result of the step with this key, if it is still there in full. */
  find(key: string): StepRecord | undefined {
    const record = this.#read(key);
    if (record === undefined) return undefined;
    if (!record.isEmpty && this.folder(record) === undefined) return undefined;
    this.#markUsed(key);
    return record;
  }

  /** Where the result lies at this moment; an image may take it over at any time. */
  folder(record: StepRecord): string | undefined {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      for (const path of [
        this.#paths.snapshot(record.id),
        ...(record.layer === undefined ? [] : [layerFolder(this.#roots, record.layer.diffId)]),
      ]) {
        if (isFolder(path)) return path;
      }
      // Between the two looks it may have moved from the first to a second place that was not known yet.
      const layer = record.layer;
      if (layer !== undefined) continue;
      const again = this.#byId(record.id);
      if (again?.layer === undefined) return undefined;
      record = again;
    }
    return undefined;
  }

  /** Makes an empty folder with `upper` and `work`, as an overlay wants them. */
  openWork(): { readonly folder: string; readonly upper: string; readonly work: string } {
    const folder = join(this.#paths.work, unfinishedName());
    const upper = join(folder, 'upper');
    const work = join(folder, 'work');
    mkdirSync(upper, { recursive: true, mode: 0o755 });
    mkdirSync(work, { mode: 0o700 });
    return { folder, upper, work };
  }

  /**
   * Keeps a finished folder as the result of the step with this key, by a rename.
   * @param replace  an earlier result is superseded, not kept.
   */
  commit(
    key: string,
    upper: string,
    step: { readonly text: string; readonly created: string; readonly replace: boolean },
  ): StepRecord {
    const isEmpty = readdirSync(upper).length === 0;
    const earlier = this.find(key);
    // Two processes did the same at once: one result is enough.
    if (earlier !== undefined && !step.replace) return earlier;
    const id = earlier === undefined && !this.#isTaken(key) ? key : randomBytes(32).toString('hex');
    if (!isEmpty) {
      mkdirSync(this.#paths.snapshots, { recursive: true, mode: 0o711 });
      try {
        renameSync(upper, this.#paths.snapshot(id));
      } catch (error) {
        if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'EEXIST')) throw error;
      }
    }
    const record: StepRecord = {
      version: 1,
      id,
      created: step.created,
      step: step.text.slice(0, 1000),
      isEmpty,
    };
    this.write(key, record);
    return record;
  }

  /**
   * Keeps a result that was made elsewhere, under its own id: the keys of later steps are made from it.
   * @param folder  what the step has changed; taken over by a rename.
   */
  adopt(key: string, record: StepRecord, folder: string | undefined): StepRecord {
    if (folder !== undefined && !this.#isTaken(record.id)) {
      mkdirSync(this.#paths.snapshots, { recursive: true, mode: 0o711 });
      renameSync(folder, this.#paths.snapshot(record.id));
    }
    this.write(key, record);
    return record;
  }

  /** Replaces a record in one step. */
  write(key: string, record: StepRecord): void {
    mkdirSync(this.#paths.records, { recursive: true, mode: 0o700 });
    const path = this.#paths.record(key);
    const temporary = `${path}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 });
    renameSync(temporary, path);
  }

  discard(folder: string): void {
    removeTree(folder);
  }

  /** A prune keeps what was used last, and what builds under way use. */
  #markUsed(key: string): void {
    const seconds = this.#now() / 1000;
    try {
      utimesSync(this.#paths.record(key), seconds, seconds);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }

  #isTaken(id: string): boolean {
    return isFolder(this.#paths.snapshot(id));
  }

  #read(key: string): StepRecord | undefined {
    let text: string;
    try {
      text = readFileSync(this.#paths.record(key), 'utf8');
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
    try {
      const record = JSON.parse(text) as StepRecord;
      return record.version === 1 ? record : undefined;
    } catch {
      // Cut short by a power loss: the step is done again.
      return undefined;
    }
  }

  /** The record of a snapshot; its key is its id, but for results that superseded others. */
  #byId(id: string): StepRecord | undefined {
    const own = this.#read(id);
    if (own?.id === id) return own;
    return readdirSync(this.#paths.records)
      .flatMap((name) => this.#read(name.replace(/\.json$/, '')) ?? [])
      .find((record) => record.id === id);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
