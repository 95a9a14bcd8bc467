import { hostPlatform } from '../image/index.ts';
import type { BuildOptions } from './build-options.ts';
import { loadDockerfile } from './context/load-dockerfile.ts';
import { parseDockerfile, withSource } from './dockerfile/parse-dockerfile.ts';
import { readInstructions } from './dockerfile/read-instructions.ts';
import { expandToken, globalArgs, platformArgs } from './graph/build-args.ts';
import { findStage } from './graph/stage-names.ts';

/**
 * The images that a Dockerfile names, in FROM and in `--from`: what has to be there before it can be built. Only for a context on
 * this machine; others are not fetched for it.
 * @throws {AppError} `BUILD_DOCKERFILE_…`
 */
export function imagesNamed(options: BuildOptions): string[] {
  const { context, args = {} } = options;
  if (context.kind !== 'folder' && options.dockerfile?.kind !== 'inline') return [];
  const folder = context.kind === 'folder' ? context.path : '/';
  const opened = { folder, isLocal: true, close: () => undefined };
  const { text, file } = loadDockerfile(opened, options.dockerfile);
  try {
    const ast = parseDockerfile(text, file);
    const { stages, globalArgs: instructions } = readInstructions(ast);
    const { escapeChar } = ast;
    const globals = globalArgs(
      { globalArgs: instructions, escapeChar },
      args,
      platformArgs(hostPlatform()),
    );
    const names = stages.flatMap(({ from, instructions: body, index }) => [
      { name: expandToken(from.base, globals, escapeChar), before: index, byNumber: false },
      ...body
        .flatMap((instruction) => {
          if (instruction.kind === 'COPY') return instruction.from?.text ?? [];
          if (instruction.kind !== 'RUN') return [];
          return instruction.mounts.flatMap(({ options: { from: source } }) => source ?? []);
        })
        .map((name) => ({ name, before: index, byNumber: true })),
    ]);
    return names
      .filter(
        ({ name, ...where }) =>
          name !== '' && name !== 'scratch' && findStage(stages, name, where) === undefined,
      )
      .map(({ name }) => name);
  } catch (error) {
    throw withSource(error, text);
  }
}
