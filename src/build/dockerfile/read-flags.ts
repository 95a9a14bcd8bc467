import type { SourceRange } from '../../core/index.ts';
import type { InstructionNode, Token } from './ast.ts';
import { dockerfileError } from './dockerfile-error.ts';

/** How often a flag may come and whether it needs a value. */
export type FlagKind = 'value' | 'boolean' | 'list';

/** The flags of one instruction after they have been checked. */
export class ReadFlags {
  readonly #values = new Map<string, Token[]>();

  /** @throws {AppError} `BUILD_DOCKERFILE_INVALID` for a flag that the instruction does not have, or twice. */
  constructor(node: InstructionNode, known: Readonly<Record<string, FlagKind>>) {
    for (const flag of node.flags) {
      const [, name = '', value] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(flag.text) ?? [];
      const kind = Object.hasOwn(known, name) ? known[name] : undefined;
      if (kind === undefined) {
        const names = Object.keys(known).map((one) => `--${one}`);
        throw dockerfileError(flag.range, `unknown flag: --${name}`, {
          hint:
            names.length === 0
              ? `${node.name} takes no flags.`
              : `${node.name} takes ${names.join(', ')}.`,
        });
      }
      if (value === undefined && kind !== 'boolean') {
        throw dockerfileError(flag.range, `missing a value on flag: --${name}`);
      }
      const earlier = this.#values.get(name) ?? [];
      if (earlier.length > 0 && kind !== 'list') {
        throw dockerfileError(flag.range, `duplicate flag specified: --${name}`);
      }
      if (kind === 'boolean' && !/^(true|false)?$/i.test(value ?? '')) {
        throw dockerfileError(flag.range, `--${name} is true or false, not "${value}"`);
      }
      this.#values.set(name, [...earlier, valueToken(flag, name, value ?? 'true')]);
    }
  }

  one(name: string): Token | undefined {
    return this.#values.get(name)?.[0];
  }

  all(name: string): readonly Token[] {
    return this.#values.get(name) ?? [];
  }

  /** Undefined where it was not given. */
  boolean(name: string): boolean | undefined {
    const given = this.one(name);
    return given === undefined ? undefined : given.text.toLowerCase() === 'true';
  }

  ranges(): Record<string, SourceRange> {
    return Object.fromEntries(
      [...this.#values].flatMap(([name, [first]]) => (first ? [[name, first.range]] : [])),
    );
  }
}

/** The value alone, so that a caret stands below it; a flag that was quoted is shown whole. */
function valueToken({ text, range }: Token, name: string, value: string): Token {
  const isPlain =
    range.start.line === range.end.line &&
    range.end.column - range.start.column === text.length &&
    value !== '';
  if (!isPlain || !text.includes('=')) return { text: value, range };
  const column = range.start.column + name.length + 3;
  return { text: value, range: { ...range, start: { line: range.start.line, column } } };
}
