/**
 * Patterns as a .dockerignore file has them: Go's `filepath.Match` with `**` for any number of folders, `!` for exceptions;
 * the last pattern that fits decides. A pattern that fits a folder fits everything below it.
 */

interface Pattern {
  readonly text: string;
  readonly negative: boolean;
  readonly fits: RegExp;
  /** Path components, for finding out whether something below a folder can fit. */
  readonly parts: readonly string[];
}

/** A pattern that cannot be understood. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly pattern: string;

  constructor(pattern: string, why: string) {
    super(`invalid pattern "${pattern}": ${why}`);
    this.pattern = pattern;
  }
}

/** A list of patterns; paths are relative to where the patterns count from, with `/` between names. */
export class IgnorePatterns {
  readonly #patterns: readonly Pattern[];
  readonly #hasExceptions: boolean;

  /** @throws {PatternError} */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.flatMap((text) => compile(text) ?? []);
    this.#hasExceptions = this.#patterns.some(({ negative }) => negative);
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  /** True where the path, or a folder above it, is what the patterns name. */
  matches(path: string): boolean {
    let matched = false;
    for (const { negative, fits } of this.#patterns) {
      if (negative === matched && fitsWithParents(fits, path)) matched = !negative;
    }
    return matched;
  }

  /** True where nothing below the folder can be free of the patterns, so that it need not be entered. */
  coversFolder(path: string): boolean {
    if (!this.matches(path)) return false;
    if (!this.#hasExceptions) return true;
    const names = path.split('/');
    return !this.#patterns.some(({ negative, parts }) => negative && reachesBelow(parts, names));
  }

  /** True where the folder, or something below it, can be what the patterns name. */
  reaches(path: string): boolean {
    if (path === '' || this.matches(path)) return true;
    const names = path.split('/');
    return this.#patterns.some(({ negative, parts }) => !negative && reachesBelow(parts, names));
  }
}

/** The lines of a .dockerignore file that are patterns. */
export function ignoreFilePatterns(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** One name of a path by Go's `path.Match`, where `**` is no more than `*`. @throws {PatternError} */
export function pathComponentMatcher(pattern: string): RegExp {
  return toRegExp(pattern.replace(/\*{2,}/g, '*'), pattern);
}

function fitsWithParents(fits: RegExp, path: string): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    if (fits.test(path.slice(0, end))) return true;
  }
  return false;
}

/** Whether a pattern can fit a path below the folder of these names. */
function reachesBelow(parts: readonly string[], names: readonly string[]): boolean {
  for (const [index, name] of names.entries()) {
    const part = parts[index];
    if (part === undefined) return false;
    if (part.includes('**')) return true;
    if (!toRegExp(part, part).test(name)) return false;
  }
  return parts.length > names.length;
}

function compile(line: string): Pattern | undefined {
  let text = line.trim();
  const negative = text.startsWith('!');
  if (negative) text = text.slice(1).trim();
  text = cleanPath(text);
  if (text === '' || text === '.') {
    if (negative && text === '') throw new PatternError(line, 'it names nothing');
    return undefined;
  }
  return { text, negative, fits: toRegExp(text, line), parts: text.split('/') };
}

/** `./a//b/` → `a/b`; a leading slash means the top, where patterns count from anyway. */
function cleanPath(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..' && names.length > 0 && names.at(-1) !== '..') names.pop();
    else names.push(name);
  }
  return names.join('/');
}

function toRegExp(pattern: string, line: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] ?? '';
    if (char === '*' && pattern[at + 1] === '*') {
      while (pattern[at + 1] === '*') at += 1;
      if (pattern[at + 1] === '/') at += 1;
      // At the end it stands for everything below, else for any number of folders, also none.
      source += at + 1 >= pattern.length ? '.*' : '(?:.*/)?';
    } else if (char === '*') {
      source += '[^/]*';
    } else if (char === '?') {
      source += '[^/]';
    } else if (char === '[') {
      const { text, end } = characterClass(pattern, at, line);
      source += text;
      at = end;
    } else if (char === '\\') {
      at += 1;
      if (at >= pattern.length) throw new PatternError(line, 'it ends in a backslash');
      source += escapeChar(pattern[at] ?? '');
    } else {
      source += escapeChar(char);
    }
  }
  return new RegExp(`^${source}$`, 's');
}

function characterClass(pattern: string, start: number, line: string) {
  let text = '[';
  let at = start + 1;
  if (pattern[at] === '^') {
    text += '^';
    at += 1;
  }
  const first = at;
  for (; at < pattern.length && (pattern[at] !== ']' || at === first); at += 1) {
    if (pattern[at] === '\\') {
      at += 1;
      if (at >= pattern.length) break;
      text += escapeChar(pattern[at] ?? '');
    } else {
      const char = pattern[at] ?? '';
      text += char === '-' ? '-' : escapeChar(char);
    }
  }
  if (at >= pattern.length) throw new PatternError(line, 'a [ has no ]');
  try {
    new RegExp(`${text}]`);
  } catch {
    throw new PatternError(line, 'the range in [ ] is not one');
  }
  return { text: `${text}]`, end: at };
}

function escapeChar(char: string): string {
  return char.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
