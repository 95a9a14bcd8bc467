import { AppError } from '../core/index.ts';
import { formatFamiliar, tagReference } from '../image/index.ts';
import type { BuilderOptions, BuildOptions, BuiltImage, ContextSource } from './build-options.ts';
import { buildPaths } from './cache/build-paths.ts';
import { StepCache } from './cache/step-cache.ts';
import { markBuild, sweepBuilds } from './cache/sweep.ts';
import { FileHashes } from './context/file-hashes.ts';
import { loadDockerfile } from './context/load-dockerfile.ts';
import { contextFiles, type OpenedContext, openContext } from './context/open-context.ts';
import type { Dockerfile, Stage } from './dockerfile/instructions.ts';
import { parseDockerfile, withSource } from './dockerfile/parse-dockerfile.ts';
import { readInstructions } from './dockerfile/read-instructions.ts';
import { exportImage } from './export/export-image.ts';
import { expandToken, globalArgs, platformArgs } from './graph/build-args.ts';
import type { BuildRun, BuildShared, SolvedStage } from './graph/build-run.ts';
import { neededStages } from './graph/needed-stages.ts';
import { targetStage } from './graph/stage-names.ts';
import { limiter } from './limiter.ts';
import { lintParsed } from './lint/lint-dockerfile.ts';
import type { LintWarning } from './lint/lint-warning.ts';
import { NamedContexts } from './named-contexts.ts';
import { checkPlatform, epochOf } from './platform.ts';
import { Progress } from './progress.ts';
import { ImportedCaches } from './remote-cache/imported-caches.ts';
import { solveOne, sourceOf } from './stage-sources.ts';

/** Steps that run at the same time, at least. */
const leastParallel = 4;

/** Builds images; those of one builder share the steps that they have in common while they are under way. */
export class Builder {
  readonly #options: BuilderOptions;
  readonly #shared: BuildShared;
  #isSwept = false;

  constructor(options: BuilderOptions, parallel: number = leastParallel) {
    this.#options = options;
    this.#shared = { steps: new Map(), limit: limiter(Math.max(parallel, leastParallel)) };
  }

  /**
   * Builds an image into the store.
   * @throws {AppError} `BUILD_…`, `IMAGE_…`; the first step that failed, after the others that were under way have ended.
   */
  async build(options: BuildOptions): Promise<BuiltImage> {
    const closeMarker = markBuild(this.#options.roots);
    try {
      return await this.#build(options);
    } finally {
      closeMarker();
    }
  }

  async #build(options: BuildOptions): Promise<BuiltImage> {
    if (!this.#isSwept) sweepBuilds(this.#options.roots);
    this.#isSwept = true;
    const { now: _now, monotonicMs } = this.#options;
    const progress = new Progress(options.onProgress ?? (() => undefined), monotonicMs);
    // Ends what is under way in other stages once one has failed.
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])]);
    const references = (options.tags ?? []).map((tag) => formatFamiliar(tagReference(tag)));
    const opened = await openMain(options.context, this.#options, signal);
    const contexts = new NamedContexts(options.contexts ?? {}, this.#options, signal);
    const imported = new ImportedCaches(options.cacheFrom ?? [], this.#options, {
      progress,
      signal,
    });
    let text = '';
    try {
      const loaded = await progress.run('[internal] load build definition', async (reporter) => {
        reporter.start();
        return loadDockerfile(opened, options.dockerfile);
      });
      text = loaded.text;
      const { run, target, needed, warnings } = this.#prepare(options, {
        ...{ loaded, opened, contexts, imported, progress, signal },
      });
      const solved = await solveTarget(run, target, stop);
      const image = await progress.run('exporting to image', (reporter) =>
        exportImage(run, solved, references, reporter),
      );
      await exportAll(run, solved, needed);
      return { ...image, references, warnings };
    } catch (error) {
      throw withSource(error, text);
    } finally {
      contexts.close();
      opened.close();
      await imported.close();
    }
  }

  #prepare(
    options: BuildOptions,
    made: {
      readonly loaded: ReturnType<typeof loadDockerfile>;
      readonly opened: OpenedContext;
      readonly contexts: NamedContexts;
      readonly imported: ImportedCaches;
      readonly progress: Progress;
      readonly signal: AbortSignal;
    },
  ): {
    readonly run: BuildRun;
    readonly target: Stage;
    readonly needed: ReadonlySet<Stage>;
    readonly warnings: readonly LintWarning[];
  } {
    const builder = this.#options;
    const { text, file, ignoreFile } = made.loaded;
    const ast = parseDockerfile(text, file);
    const dockerfile: Dockerfile = {
      file,
      text,
      escapeChar: ast.escapeChar,
      ...readInstructions(ast),
    };
    const platform = checkPlatform(options.platform);
    const args = options.args ?? {};
    const globals = globalArgs(dockerfile, args, platformArgs(platform));
    const cache = new StepCache(builder.roots, builder.now);
    const paths = buildPaths(builder.roots);
    const files = contextFiles(made.opened.folder, ignoreFile);
    const solved = new Map<Stage, Promise<SolvedStage>>();
    const run: BuildRun = {
      builder,
      options,
      shared: this.#shared,
      cache,
      imported: made.imported,
      progress: made.progress,
      dockerfile,
      hashes: new FileHashes(paths.fileHashes, builder.now),
      args,
      globals,
      platform,
      epoch: epochOf(args),
      context: async () => files,
      solve: (stage) => {
        const promise = solved.get(stage) ?? solveOne(run, stage, made.contexts);
        solved.set(stage, promise);
        return promise;
      },
      source: (name, range, before) =>
        sourceOf(run, made.contexts, name, { text: name, range }, before),
      signal: made.signal,
    };
    const target = targetStage(dockerfile, options.target);
    const needed = neededStages(dockerfile, target, {
      baseName: (stage) => expandToken(stage.from.base, globals, dockerfile.escapeChar),
      isContext: (name) => made.contexts.has(name),
    });
    // They wait for each other by themselves. A failure is told where it is waited for; here only nobody may be left with an
    // unhandled one.
    for (const stage of needed) run.solve(stage).catch(() => undefined);
    const warnings = lintParsed(ast, dockerfile, { globals, roots: builder.roots });
    return { run, target, needed, warnings };
  }
}

/** Every stage that the image needed has ended by now, and well. */
async function exportAll(
  run: BuildRun,
  image: SolvedStage,
  needed: ReadonlySet<Stage>,
): Promise<void> {
  const targets = run.options.cacheTo ?? [];
  if (targets.length === 0) return;
  const { exportCaches } = await import('./remote-cache/export-cache.ts');
  const all = await Promise.all([...needed].map((stage) => run.solve(stage)));
  await exportCaches(run, targets, { image, all });
}

async function solveTarget(
  run: BuildRun,
  stage: Stage,
  stop: AbortController,
): Promise<SolvedStage> {
  try {
    return await run.solve(stage);
  } catch (error) {
    stop.abort();
    throw error;
  } finally {
    run.hashes.save();
  }
}

async function openMain(
  source: ContextSource,
  builder: BuilderOptions,
  signal: AbortSignal,
): Promise<OpenedContext> {
  if (source.kind !== 'image' && source.kind !== 'oci-layout') {
    return openContext(source, builder, signal);
  }
  throw new AppError('BUILD_CONTEXT_INVALID', 'an image can be a named context only');
}
