import type { SourceRange } from '../../core/index.ts';
import { AppError } from '../../core/index.ts';
import { dockerfileError } from '../dockerfile/dockerfile-error.ts';
import type { Dockerfile, Stage } from '../dockerfile/instructions.ts';

/** The stage that is meant by a name or, with `byNumber`, by its number; `before` leaves out it and all later ones. */
export function findStage(
  stages: readonly Stage[],
  name: string,
  options: { readonly before?: number; readonly byNumber?: boolean } = {},
): Stage | undefined {
  const candidates = stages.slice(0, options.before ?? stages.length);
  const lower = name.toLowerCase();
  const named = candidates.findLast(
    (stage) => stage.from.alias !== undefined && stage.name === lower,
  );
  if (named !== undefined || !options.byNumber || !/^\d+$/.test(name)) return named;
  return candidates[Number(name)];
}

/**
 * The stage to build.
 * @throws {AppError} `BUILD_STAGE_UNKNOWN`
 */
export function targetStage({ stages, file }: Dockerfile, target: string | undefined): Stage {
  const last = stages.at(-1) as Stage;
  if (target === undefined || target === '') return last;
  const found = findStage(stages, target, { byNumber: true });
  if (found !== undefined) return found;
  const names = stages.flatMap(({ from }) => from.alias?.text ?? []);
  throw new AppError(
    'BUILD_STAGE_UNKNOWN',
    `target stage "${target}" could not be found in ${file}`,
    names.length === 0 ? {} : { hint: `The stages are ${names.join(', ')}.` },
  );
}

/** @throws {AppError} `BUILD_DOCKERFILE_INVALID` where `--from` holds a variable, which stands for nothing there. */
export function checkPlainName(text: string, range: SourceRange): string {
  if (!text.includes('$')) return text;
  throw dockerfileError(range, `variables are not replaced in --from: "${text}"`, {
    hint: 'Define a stage with FROM and an ARG before the first FROM, and name that stage here.',
  });
}
