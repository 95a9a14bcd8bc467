import type { Token } from '../dockerfile/ast.ts';
import { dockerfileError } from '../dockerfile/dockerfile-error.ts';
import { ExpansionError, expandWord, expandWords } from '../dockerfile/expand.ts';
import type { Dockerfile } from '../dockerfile/instructions.ts';

/** Build arguments that every RUN may use without declaring them; they are in neither cache keys nor history. */
const proxyNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];

/** The proxies among the build's arguments, as variables of a step: in both spellings, as programs read one or the other. */
export function proxyArgs(args: Readonly<Record<string, string>>): [string, string][] {
  return proxyNames.flatMap((name): [string, string][] => {
    const lower = name.toLowerCase();
    const value = args[name] ?? args[lower];
    if (value === undefined) return [];
    return [name, lower].map((key) => [key, value]);
  });
}

/** Arguments that the builder itself sets, from the platform: `TARGETARCH`, … */
export function platformArgs(platform: {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}): Map<string, string> {
  const { os, architecture, variant } = platform;
  // arm64 has one variant only, which nobody writes.
  const suffix =
    variant === undefined || (architecture === 'arm64' && variant === 'v8') ? '' : variant;
  const name = [os, architecture, suffix].filter((part) => part !== '').join('/');
  return new Map(
    ['BUILD', 'TARGET'].flatMap((side): [string, string][] => [
      [`${side}PLATFORM`, name],
      [`${side}OS`, os],
      [`${side}ARCH`, architecture],
      [`${side}VARIANT`, suffix],
    ]),
  );
}

/**
 * The arguments before the first FROM, which FROM itself may use, and stages that declare them again.
 * @throws {AppError} `BUILD_DOCKERFILE_INVALID`
 */
export function globalArgs(
  { globalArgs: instructions, escapeChar }: Pick<Dockerfile, 'globalArgs' | 'escapeChar'>,
  given: Readonly<Record<string, string>>,
  predefined: ReadonlyMap<string, string>,
): Map<string, string> {
  const values = new Map(predefined);
  for (const name of predefined.keys()) {
    const value = given[name];
    if (value !== undefined) values.set(name, value);
  }
  for (const { args } of instructions) {
    for (const { name, value } of args) {
      const set = given[name.text] ?? (value && expandToken(value, values, escapeChar));
      if (set !== undefined) values.set(name.text, set);
    }
  }
  return values;
}

/** A token with its variables replaced. @throws {AppError} `BUILD_DOCKERFILE_INVALID` at its place. */
export function expandToken(
  token: Token,
  env: ReadonlyMap<string, string>,
  escapeChar: string,
): string {
  return placed(token, () => expandWord(token.text, { env, escapeChar }));
}

/** The same where several words may come of it. */
export function expandTokenWords(
  token: Token,
  env: ReadonlyMap<string, string>,
  escapeChar: string,
): string[] {
  return placed(token, () => expandWords(token.text, { env, escapeChar }));
}

function placed<T>(token: Token, expand: () => T): T {
  try {
    return expand();
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    throw dockerfileError(token.range, error.message, { cause: error });
  }
}
