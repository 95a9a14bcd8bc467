import type { DockerfileAst, InstructionNode } from './ast.ts';
import { dockerfileError } from './dockerfile-error.ts';
import type { Arg, From, Stage, StageInstruction } from './instructions.ts';
import { readInstruction } from './read-instruction.ts';

/** Names of stages, as BuildKit takes them. */
const stageName = /^[a-z][a-z0-9-_.]*$/;

/**
 * Reads the meaning of every instruction and cuts the file into stages.
 * @throws {AppError} `BUILD_DOCKERFILE_INVALID` at the first place that makes no sense.
 */
export function readInstructions(ast: DockerfileAst): {
  readonly globalArgs: readonly Arg[];
  readonly stages: readonly Stage[];
} {
  const globalArgs: Arg[] = [];
  const stages: { from: From; instructions: StageInstruction[]; name: string; index: number }[] =
    [];
  for (const node of ast.instructions) {
    const instruction = readInstruction(node);
    const stage = stages.at(-1);
    if (instruction.kind === 'FROM') {
      const index = stages.length;
      const name = checkAlias(instruction) ?? String(index);
      stages.push({ from: instruction, instructions: [], name, index });
    } else if (stage !== undefined) {
      stage.instructions.push(instruction);
    } else if (instruction.kind === 'ARG') {
      globalArgs.push(instruction);
    } else {
      throw dockerfileError(
        node.nameRange,
        `no build stage in current context: ${node.name} stands before the first FROM`,
        {
          hint: 'Begin with FROM; only ARG may stand before it.',
        },
      );
    }
  }
  if (stages.length === 0) {
    const { range } = ast.instructions[0] as InstructionNode;
    throw dockerfileError(range, 'the file has no FROM');
  }
  return { globalArgs, stages };
}

function checkAlias({ alias }: From): string | undefined {
  if (alias === undefined) return undefined;
  const name = alias.text.toLowerCase();
  if (stageName.test(name) && name !== 'scratch' && name !== 'context') return name;
  throw dockerfileError(alias.range, `invalid name for build stage: "${alias.text}"`, {
    hint: 'A name starts with a letter and goes on with letters, digits, "-", "_" and ".".',
  });
}
