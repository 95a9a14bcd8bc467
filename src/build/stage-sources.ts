/** What a stage begins with, and what its instructions take files from: an earlier stage, a named context, or an image. */
import type { Token } from './dockerfile/ast.ts';
import { dockerfileError } from './dockerfile/dockerfile-error.ts';
import type { Stage } from './dockerfile/instructions.ts';
import { imageBase, scratchBase } from './graph/base-state.ts';
import { expandToken } from './graph/build-args.ts';
import type { BuildRun, SolvedStage } from './graph/build-run.ts';
import { solveStage, stepPrefix } from './graph/solve-stage.ts';
import { findStage } from './graph/stage-names.ts';
import type { NamedContexts } from './named-contexts.ts';
import { placedPlatform } from './platform.ts';
import { type FileSource, stateSource } from './steps/file-source.ts';

/** Builds one stage, after what it is built upon. */
export async function solveOne(
  run: BuildRun,
  stage: Stage,
  contexts: NamedContexts,
): Promise<SolvedStage> {
  return solveStage(run, stage, await baseOf(run, stage, contexts));
}

async function baseOf(run: BuildRun, stage: Stage, contexts: NamedContexts): Promise<SolvedStage> {
  const { from, index } = stage;
  const { escapeChar, stages } = run.dockerfile;
  const name = expandToken(from.base, run.globals, escapeChar);
  if (name === '') {
    throw dockerfileError(from.base.range, `base name (${from.base.text}) should not be blank`);
  }
  if (from.platform !== undefined) {
    const platform = expandToken(from.platform, run.globals, escapeChar);
    placedPlatform(platform, from.platform);
  }
  const context = contexts.get(name);
  if (context !== undefined) return contexts.base(run, context, from.base);
  const earlier = findStage(stages, name, { before: index });
  if (earlier !== undefined) return run.solve(earlier);
  if (name === 'scratch') return scratchBase();
  return run.progress.run(
    `[${stepPrefix(run, stage)}1/${1 + stepCount(stage)}] FROM ${name}`,
    async (reporter) => {
      reporter.isCached = true;
      return imageBase(run, name, from.base);
    },
  );
}

function stepCount({ instructions }: Stage): number {
  return instructions.filter(({ kind }) => /^(RUN|COPY|ADD|WORKDIR)$/.test(kind)).length;
}

/** @throws {AppError} `BUILD_STAGE_UNKNOWN`, `IMAGE_…` */
export async function sourceOf(
  run: BuildRun,
  contexts: NamedContexts,
  name: string,
  token: Token,
  before: Stage,
): Promise<FileSource> {
  const context = contexts.get(name);
  if (context !== undefined) return contexts.source(run, context, token);
  const stage = findStage(run.dockerfile.stages, name, { before: before.index, byNumber: true });
  if (stage !== undefined) {
    const { state } = await run.solve(stage);
    return stateSource(state, run.cache, run.builder.native);
  }
  if (findStage(run.dockerfile.stages, name) !== undefined || /^\d+$/.test(name)) {
    throw dockerfileError(
      token.range,
      `invalid from flag value "${name}": it is no earlier stage`,
      {
        code: 'BUILD_STAGE_UNKNOWN',
      },
    );
  }
  const { state } = await imageBase(run, name, token);
  return stateSource(state, run.cache, run.builder.native);
}
