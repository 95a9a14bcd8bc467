import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../../core/index.ts';
import { removeTree, unfinishedName, untar } from '../../image/index.ts';
import type { BuilderOptions, CachePlace } from '../build-options.ts';
import { buildPaths } from '../cache/build-paths.ts';
import type { StepCache, StepRecord } from '../cache/step-cache.ts';
import type { Progress } from '../progress.ts';
import { parseCacheDocument, type RemoteStep } from './cache-document.ts';
import { type OpenedCache, openCache, placeName } from './cache-place.ts';

interface Known {
  readonly step: RemoteStep;
  readonly cache: OpenedCache;
  readonly place: string;
}

/**
 * The caches that a build may take steps from, besides its own. What they hold is known once they are opened; a layer is fetched when
 * its step is the next one. A cache that cannot be had is told of, and does not end the build.
 */
export class ImportedCaches {
  readonly #builder: BuilderOptions;
  readonly #signal: AbortSignal;
  readonly #open: () => Promise<Map<string, Known>>;
  #opening: Promise<Map<string, Known>> | undefined;
  readonly #opened: OpenedCache[] = [];

  constructor(
    places: readonly CachePlace[],
    builder: BuilderOptions,
    { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
  ) {
    this.#builder = builder;
    this.#signal = signal;
    this.#open = () => this.#openAll(places, progress);
  }

  /** The step's result, brought into the local cache; undefined where no cache has it, or it cannot be had. */
  async take(key: string, cache: StepCache): Promise<StepRecord | undefined> {
    // Where the own cache has everything, nobody is asked.
    this.#opening ??= this.#open();
    const known = (await this.#opening).get(key);
    if (known === undefined) return undefined;
    const { step } = known;
    const { id, created, step: text } = step;
    const record: StepRecord = { version: 1, id, created, step: text, isEmpty: !step.layer };
    if (step.layer === undefined) return cache.adopt(key, record, undefined);
    const folder = join(buildPaths(this.#builder.roots).work, unfinishedName());
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    try {
      await this.#unpack(known, step.layer, folder);
      return cache.adopt(key, record, folder);
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof AppError)) throw error;
      // Damaged, or gone meanwhile: the step is done.
      return undefined;
    } finally {
      removeTree(folder);
    }
  }

  async close(): Promise<void> {
    await this.#opening;
    for (const cache of this.#opened) cache.close();
  }

  async #unpack(
    { cache, place }: Known,
    { descriptor, diffId }: NonNullable<RemoteStep['layer']>,
    folder: string,
  ): Promise<void> {
    const source = cache.open(descriptor) as string | Readable;
    const { native } = this.#builder;
    const tar = await untar(source, { native, folder, signal: this.#signal });
    if (tar.diffId === diffId && tar.digest === descriptor.digest) return;
    throw new AppError('BUILD_CACHE_INVALID', `build cache ${place}: a layer is damaged`);
  }

  async #openAll(places: readonly CachePlace[], progress: Progress): Promise<Map<string, Known>> {
    const known = new Map<string, Known>();
    for (const place of places) {
      const name = placeName(place);
      try {
        await progress.run(`importing cache manifest from ${name}`, async (reporter) => {
          reporter.start();
          const { registry } = this.#builder;
          const cache = await openCache(place, { ...registry, signal: this.#signal });
          if (cache === undefined) {
            throw new AppError('BUILD_CACHE_INVALID', `${name} is no build cache of coracle's`);
          }
          this.#opened.push(cache);
          for (const step of parseCacheDocument(cache.document, name).steps) {
            if (!known.has(step.key)) known.set(step.key, { step, cache, place: name });
          }
        });
      } catch (error) {
        // The progress shows it.
        if (!(error instanceof AppError)) throw error;
      }
    }
    return known;
  }
}
