import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isAppError } from '../../core/index.ts';
import { isErrno, type StateRoots } from '../../state/index.ts';
import type { Digest } from '../digest.ts';
import { removeTree } from '../remove-tree.ts';
import { asDigest, readConfig, readManifest } from '../store/blobs.ts';
import { collectGarbage, findGarbage, layersOfContainers } from '../store/collect-garbage.ts';
import { type IndexEntry, readIndex, writeIndex } from '../store/index-file.ts';
import { ensureStore, storePaths, unfinishedName } from '../store/layout.ts';
import { withStoreLock } from '../store/lock.ts';
import { familiarName } from '../store/resolve.ts';
import { findUnfinished, sweepUnfinished } from '../store/sweep.ts';
import { untar } from '../unpack/native-untar.ts';
import { firstDifference } from './compare-trees.ts';

/** Something that is wrong with the store. */
export interface StoreFault {
  readonly kind: 'blob' | 'layer' | 'image' | 'container' | 'garbage';
  /** A digest, an image's or a container's name; of garbage, what it is. */
  readonly name: string;
  readonly problem: string;
  /** Images that need it: their names, or ids where they have none. */
  readonly images: readonly string[];
  readonly isRepaired: boolean;
  /** What to do where that is left to the caller. */
  readonly hint?: string;
}

export interface CheckedStore {
  readonly faults: readonly StoreFault[];
  readonly blobs: number;
  readonly layers: number;
  /** Bytes of the blobs. */
  readonly bytes: number;
}

export interface CheckOptions {
  readonly roots: StateRoots;
  /** Absolute path of coracle-runtime. */
  readonly native: string;
  /** Put right what can be; else only look. */
  readonly repair: boolean;
  /** Names of the running containers by their ids: what they have mounted is not replaced. */
  readonly running: () => Promise<ReadonlyMap<string, string>>;
  /** Told before each blob and layer, for a line of progress. */
  readonly onStep?: (what: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads the whole store again: every blob against its digest, every unpacked layer against its archive, every image for
 * its parts. A damaged blob is removed, so that the next pull brings it anew; a layer that is damaged or missing is unpacked again.
 */
export async function checkStore(options: CheckOptions): Promise<CheckedStore> {
  const check = new StoreCheck(options);
  ensureStore(options.roots);
  await check.unfinished();
  const blobs = await check.blobs();
  await check.images();
  const layers = await check.layers();
  check.containers();
  await check.garbage();
  return { faults: check.faults, layers, ...blobs };
}

/** One layer as images name it. */
interface WantedLayer {
  readonly diffId: Digest;
  readonly blobs: Set<Digest>;
  readonly images: Set<string>;
}

class StoreCheck {
  readonly faults: StoreFault[] = [];
  readonly #options: CheckOptions;
  readonly #paths;
  #isGarbageKnown = true;
  readonly #good = new Set<string>();
  readonly #wanted = new Map<Digest, WantedLayer>();

  constructor(options: CheckOptions) {
    this.#options = options;
    this.#paths = storePaths(options.roots);
  }

  /** What killed processes have left. */
  async unfinished(): Promise<void> {
    const { roots, repair } = this.#options;
    const count = findUnfinished(roots).length;
    if (repair) sweepUnfinished(roots);
    if (count > 0) {
      this.#tell('garbage', 'unfinished entries', `${count} left by killed processes`, [], repair);
    }
  }

  async blobs(): Promise<{ blobs: number; bytes: number }> {
    const names = readdirSync(this.#paths.blobs);
    let bytes = 0;
    for (const name of names) {
      this.#step(`blob ${name.slice(0, 12)}`);
      const path = join(this.#paths.blobs, name);
      const found = await hashOf(path, this.#options.signal);
      // Removed by somebody else meanwhile.
      if (found === undefined) continue;
      bytes += found.bytes;
      if (found.hex === name) {
        this.#good.add(`sha256:${name}`);
        continue;
      }
      if (this.#options.repair) await this.#remove(path, this.#paths.ingest);
      const images = this.#imagesOf(`sha256:${name}`);
      const fate = this.#options.repair ? ', removed' : '';
      this.#tell(
        'blob',
        `sha256:${name}`,
        `has the digest sha256:${found.hex}${fate}`,
        images,
        images.length === 0 && this.#options.repair,
      );
    }
    return { blobs: names.length, bytes };
  }

  /** Manifests and configurations; collects the layers that images name. An image without them is one no more. */
  async images(): Promise<void> {
    const { roots, repair } = this.#options;
    for (const entry of readIndex(roots)) {
      const name = nameOf(entry);
      try {
        const { layers } = readManifest(roots, entry.manifest.digest);
        const { diff_ids } = readConfig(roots, entry.imageId).rootfs;
        for (const [index, text] of diff_ids.entries()) {
          this.#want(asDigest(text), layers[index]?.digest, name);
        }
      } catch (error) {
        if (!isAppError(error, 'IMAGE_CONTENT_DAMAGED')) throw error;
        if (repair) await this.#unlist(entry);
        else this.#isGarbageKnown = false;
        const problem = repair ? `${error.message}; taken from the list` : error.message;
        this.#tell('image', name, problem, [name], false, bringAgain(name));
      }
    }
  }

  async layers(): Promise<number> {
    for (const layer of this.#wanted.values()) {
      this.#step(`layer ${layer.diffId.slice(7, 19)}`);
      const archive = [...layer.blobs].find((digest) => this.#good.has(digest));
      const folder = this.#paths.layer(layer.diffId);
      const isThere = statSync(folder, { throwIfNoEntry: false }) !== undefined;
      for (const digest of layer.blobs) this.#tellMissingBlob(digest, layer);
      if (archive !== undefined)
        await this.#checkLayer(layer, this.#paths.blob(archive as Digest), isThere);
      else if (!isThere) {
        const [first = ''] = layer.images;
        this.#tell(
          'layer',
          layer.diffId,
          'is not unpacked',
          [...layer.images],
          false,
          bringAgain(first),
        );
      }
    }
    return this.#wanted.size;
  }

  /** Containers whose layers are gone, of images that are gone, too. */
  containers(): void {
    for (const [hex, ids] of layersOfContainers(this.#options.roots)) {
      if (this.#wanted.has(`sha256:${hex}` as Digest)) continue;
      if (statSync(join(this.#paths.layers, hex), { throwIfNoEntry: false })) continue;
      for (const id of ids) {
        const problem = `its layer sha256:${hex} is gone`;
        this.#tell(
          'container',
          id.slice(0, 12),
          problem,
          [],
          false,
          `It cannot start any more: coracle rm ${id.slice(0, 12)}`,
        );
      }
    }
  }

  async garbage(): Promise<void> {
    const { roots, repair } = this.#options;
    // What a damaged image needs, nobody knows.
    if (!this.#isGarbageKnown) return;
    const { blobs, layers } = repair
      ? await withStoreLock(this.#paths.lock, () => collectGarbage(roots))
      : findGarbage(roots);
    const count = blobs.length + layers.length;
    if (count === 0) return;
    const problem = `${blobs.length} blobs and ${layers.length} layers that nothing needs`;
    this.#tell('garbage', 'store', problem, [], repair);
  }

  async #checkLayer(layer: WantedLayer, archive: string, isThere: boolean): Promise<void> {
    const { native, signal, repair } = this.#options;
    const fresh = join(this.#paths.layers, unfinishedName());
    mkdirSync(fresh, { mode: 0o755 });
    try {
      const tar = await untar(archive, { native, folder: fresh, ...(signal ? { signal } : {}) });
      const folder = this.#paths.layer(layer.diffId);
      const images = [...layer.images];
      if (tar.diffId !== layer.diffId) {
        const problem = `the archive holds the layer ${tar.diffId} instead`;
        this.#tell('layer', layer.diffId, problem, images, false, bringAgain(images[0] ?? ''));
        return;
      }
      const difference = isThere ? firstDifference(fresh, folder) : 'is not unpacked';
      if (difference === undefined) return;
      const users = repair ? await this.#replace(layer.diffId, fresh) : [];
      const hint = users.length > 0 ? `Stop ${users.join(', ')} and check again.` : undefined;
      this.#tell('layer', layer.diffId, difference, images, repair && users.length === 0, hint);
    } finally {
      removeTree(fresh);
    }
  }

  /** @returns the running containers that stand against it. */
  #replace(diffId: Digest, fresh: string): Promise<string[]> {
    const folder = this.#paths.layer(diffId);
    return withStoreLock(this.#paths.lock, async () => {
      const running = await this.#options.running();
      const users = layersOfContainers(this.#options.roots).get(basename(folder)) ?? [];
      const names = users.flatMap((id) => running.get(id) ?? []);
      if (names.length > 0) return names;
      await this.#remove(folder, this.#paths.layers, () => renameSync(fresh, folder));
      return [];
    });
  }

  #unlist(entry: IndexEntry): Promise<void> {
    return withStoreLock(this.#paths.lock, () => {
      const kept = readIndex(this.#options.roots).filter(
        ({ name, manifest }) => name !== entry.name || manifest.digest !== entry.manifest.digest,
      );
      writeIndex(this.#options.roots, kept);
    });
  }

  /** Renames before it removes, so that a kill leaves no half of it under its name. */
  async #remove(path: string, beside: string, then: () => void = () => undefined): Promise<void> {
    const condemned = join(beside, unfinishedName());
    try {
      renameSync(path, condemned);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
    then();
    removeTree(condemned);
  }

  #tellMissingBlob(digest: Digest, layer: WantedLayer): void {
    if (statSync(this.#paths.blob(digest), { throwIfNoEntry: false })) return;
    if (this.faults.some(({ kind, name }) => kind === 'blob' && name === digest)) return;
    const [first = ''] = layer.images;
    this.#tell('blob', digest, 'is missing', [...layer.images], false, bringAgain(first));
  }

  #want(diffId: Digest, blob: string | undefined, image: string): void {
    const layer = this.#wanted.get(diffId) ?? { diffId, blobs: new Set(), images: new Set() };
    if (blob !== undefined) layer.blobs.add(asDigest(blob));
    layer.images.add(image);
    this.#wanted.set(diffId, layer);
  }

  /** Names of the images that reach a blob; those whose manifest is damaged are told of as such. */
  #imagesOf(digest: string): string[] {
    return readIndex(this.#options.roots).flatMap((entry) => {
      if (entry.manifest.digest === digest || entry.imageId === digest) return [nameOf(entry)];
      try {
        const { layers } = readManifest(this.#options.roots, entry.manifest.digest);
        return layers.some((layer) => layer.digest === digest) ? [nameOf(entry)] : [];
      } catch {
        return [];
      }
    });
  }

  #step(what: string): void {
    this.#options.signal?.throwIfAborted();
    this.#options.onStep?.(what);
  }

  #tell(
    kind: StoreFault['kind'],
    name: string,
    problem: string,
    images: readonly string[],
    isRepaired: boolean,
    hint = isRepaired || images[0] === undefined ? undefined : bringAgain(images[0]),
  ): void {
    this.faults.push({
      kind,
      name,
      problem,
      images,
      isRepaired,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

function nameOf(entry: IndexEntry): string {
  return entry.name === undefined ? entry.imageId.slice(7, 19) : familiarName(entry.name);
}

function bringAgain(image: string): string {
  return `Bring it again: coracle pull ${image}, or build or load it anew.`;
}

/** Undefined where the file is gone. */
async function hashOf(
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ hex: string; bytes: number } | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  return { hex: hash.digest('hex'), bytes };
}
