import type { StepCache, StepRecord } from '../cache/step-cache.ts';
import type { BuildRun } from '../graph/build-run.ts';
import type { VertexReporter } from '../progress.ts';

/** A step that changes files, and what its result depends on. */
export interface CachedStep {
  readonly key: string;
  readonly text: string;
  readonly noCache: boolean;
  readonly reporter: VertexReporter;
  /** Does the work; what it leaves in `upper` is the result. */
  readonly produce: (work: ReturnType<StepCache['openWork']>) => Promise<void>;
}

/** Takes the result from the cache, from the same step under way elsewhere in this process, or does the work. */
export async function cachedStep(run: BuildRun, step: CachedStep): Promise<StepRecord> {
  const { steps } = run.shared;
  const underWay = steps.get(step.key);
  if (underWay !== undefined) {
    step.reporter.isCached = true;
    return underWay;
  }
  const result = find(run, step) ?? fetchOrPerform(run, step);
  const promise = Promise.resolve(result);
  steps.set(step.key, promise);
  try {
    return await promise;
  } finally {
    // A later build asks the disk again, which others may have changed; a failed one is tried again.
    steps.delete(step.key);
  }
}

function find({ cache }: BuildRun, { key, noCache, reporter }: CachedStep): StepRecord | undefined {
  const found = noCache ? undefined : cache.find(key);
  if (found !== undefined) reporter.isCached = true;
  return found;
}

async function fetchOrPerform(run: BuildRun, step: CachedStep): Promise<StepRecord> {
  const fetched = step.noCache ? undefined : await run.imported.take(step.key, run.cache);
  if (fetched === undefined) return perform(run, step);
  step.reporter.isCached = true;
  return fetched;
}

async function perform(run: BuildRun, step: CachedStep): Promise<StepRecord> {
  const { cache, builder } = run;
  step.reporter.start();
  const work = cache.openWork();
  try {
    await step.produce(work);
    return cache.commit(step.key, work.upper, {
      text: step.text,
      created: new Date(builder.now()).toISOString(),
      replace: step.noCache,
    });
  } finally {
    cache.discard(work.folder);
  }
}
