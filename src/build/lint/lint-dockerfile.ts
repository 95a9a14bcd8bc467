import { AppError, isAppError } from '../../core/index.ts';
import { baseImage, hostPlatform } from '../../image/index.ts';
import type { StateRoots } from '../../state/index.ts';
import type { BuildOptions } from '../build-options.ts';
import { loadDockerfile } from '../context/load-dockerfile.ts';
import type { DockerfileAst } from '../dockerfile/ast.ts';
import type { Dockerfile } from '../dockerfile/instructions.ts';
import { parseDockerfile, withSource } from '../dockerfile/parse-dockerfile.ts';
import { readInstructions } from '../dockerfile/read-instructions.ts';
import { expandToken, globalArgs, platformArgs } from '../graph/build-args.ts';
import { checkFile } from './file-rules.ts';
import type { LintWarning, Report } from './lint-warning.ts';
import { checkStages } from './stage-rules.ts';

/** A Dockerfile's warnings, and the text that they are about. */
export interface Linted {
  readonly warnings: readonly LintWarning[];
  readonly text: string;
}

/**
 * Reads the Dockerfile of a build and looks for what is probably not meant. Only for a context on this machine; others are not fetched
 * for it.
 * @throws {AppError} `BUILD_DOCKERFILE_…`
 */
export function lintDockerfile(options: BuildOptions, roots: StateRoots): Linted {
  const { context, args = {} } = options;
  const isInline = options.dockerfile?.kind === 'inline';
  if (context.kind !== 'folder' && !isInline) return { warnings: [], text: '' };
  const folder = context.kind === 'folder' ? context.path : '/';
  const opened = { folder, isLocal: true, close: () => undefined };
  const { text, file } = loadDockerfile(opened, options.dockerfile);
  try {
    const ast = parseDockerfile(text, file);
    const dockerfile: Dockerfile = {
      file,
      text,
      escapeChar: ast.escapeChar,
      ...readInstructions(ast),
    };
    const globals = globalArgs(dockerfile, args, platformArgs(hostPlatform()));
    return { warnings: lintParsed(ast, dockerfile, { globals, roots }), text };
  } catch (error) {
    throw withSource(error, text);
  }
}

/**
 * The same for one that is read already.
 * @throws {AppError} `BUILD_LINT_FAILED` where the file says that warnings count as errors.
 */
export function lintParsed(
  ast: DockerfileAst,
  dockerfile: Dockerfile,
  known: { readonly globals: ReadonlyMap<string, string>; readonly roots: StateRoots },
): readonly LintWarning[] {
  const { skipped, isError } = checkDirective(ast.directives.check ?? '');
  const warnings: LintWarning[] = [];
  const report: Report = (rule, range, message) => {
    if (!skipped.has('all') && !skipped.has(rule)) warnings.push({ rule, range, message });
  };
  checkFile(ast, dockerfile.text, report);
  const facts = {
    globals: known.globals,
    baseName: (stage: Dockerfile['stages'][number]) =>
      expandToken(stage.from.base, known.globals, dockerfile.escapeChar),
    imageEnv: (name: string) => imageEnv(known.roots, name),
  };
  checkStages(dockerfile, facts, report);
  warnings.sort((a, b) => a.range.start.line - b.range.start.line);
  const [first] = warnings;
  if (!isError || first === undefined) return warnings;
  const rules = [...new Set(warnings.map(({ rule }) => rule))].join(', ');
  throw new AppError('BUILD_LINT_FAILED', `lint violation found for rules: ${rules}`, {
    hint: first.message,
    details: { range: first.range },
  });
}

/** `# check=skip=A,B;error=true`. */
function checkDirective(text: string) {
  const settings = new Map(
    text.split(';').map((part): [string, string] => {
      const [key = '', ...value] = part.trim().split('=');
      return [key, value.join('=')];
    }),
  );
  const skipped = new Set((settings.get('skip') ?? '').split(',').map((name) => name.trim()));
  return { skipped, isError: settings.get('error') === 'true' };
}

function imageEnv(roots: StateRoots, name: string): readonly string[] | undefined {
  try {
    return baseImage(roots, name).config.config?.Env ?? [];
  } catch (error) {
    // It is not here, or its name is a mistake: nothing can be said of its variables.
    if (isAppError(error)) return undefined;
    throw error;
  }
}
