import type { SourceRange } from '../../core/index.ts';
import { dockerfileError } from './dockerfile-error.ts';
import type { From, StageInstruction } from './instructions.ts';
import { parseDockerfile } from './parse-dockerfile.ts';
import { readInstruction } from './read-instruction.ts';

/**
 * A trigger that an image brings along (`OnBuild`), as an instruction of the stage that is built from it. Whatever is wrong with it
 * is shown at that stage's FROM.
 * @throws {AppError} `BUILD_DOCKERFILE_INVALID`
 */
export function readTrigger(text: string, from: From): StageInstruction {
  try {
    const [node] = parseDockerfile(text, from.range.file).instructions;
    if (node === undefined || node.name === 'FROM')
      throw new Error('it is no instruction of a stage');
    return atPlace(readInstruction(node) as StageInstruction, from.base.range);
  } catch (error) {
    throw dockerfileError(
      from.base.range,
      `trigger "${text}" of the base image: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** The same instruction with every place in it replaced. */
function atPlace<T>(value: T, range: SourceRange): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => atPlace(one, range)) as T;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, key === 'range' ? range : atPlace(one, range)]),
  ) as T;
}
