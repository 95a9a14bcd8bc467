import type { Findings } from '../findings.ts';
import { expandTemplate, type VariableLookup } from '../interpolate/template.ts';
import type { Place } from '../yaml/node.ts';
import type { Source } from '../yaml/source.ts';

/** A variable of a file, with the place of its line. */
export interface DotenvVariable {
  readonly value: string;
  readonly place: Place;
  /** What an earlier file set it to. */
  readonly overrode?: DotenvVariable;
}

const keyChar = /[\p{L}\p{N}_.\-[\]]/u;
const blank = /[\t\v\f\r \u0085\u00a0]/;
const anySpace = /[\s\u0085]/;

/** Stops the reading of one file; what was read before it counts. */
class DotenvSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/**
 * Reads a file of variables: `KEY=value`, `KEY: value`, `export KEY=value`, `KEY` alone (taken from `lookup`),
 * comments, quotes over several lines, escapes and variables in double quotes, variables in bare values.
 *
 * Later files see the variables of earlier ones: pass the same `into`.
 */
export function parseDotenv(
  source: Source,
  into: Map<string, DotenvVariable>,
  lookup: VariableLookup,
  findings: Findings,
): void {
  try {
    new DotenvReader(source, into, lookup, findings).read();
  } catch (error) {
    if (!(error instanceof DotenvSyntaxError)) {
      throw error;
    }
    const lineEnd = source.text.indexOf('\n', error.offset);
    const end = lineEnd === -1 ? source.text.length : lineEnd;
    const place = { source, start: error.offset, end: Math.max(end, error.offset + 1) };
    findings.error('COMPOSE_ENV_FILE_INVALID', error.message, place, {
      hint: 'Write KEY=value, with quotes around a value that has special characters.',
    });
  }
}

class DotenvReader {
  readonly #source: Source;
  readonly #text: string;
  readonly #into: Map<string, DotenvVariable>;
  readonly #lookup: VariableLookup;
  readonly #findings: Findings;
  #at = 0;

  constructor(
    source: Source,
    into: Map<string, DotenvVariable>,
    lookup: VariableLookup,
    findings: Findings,
  ) {
    this.#source = source;
    this.#text = source.text;
    this.#into = into;
    this.#lookup = lookup;
    this.#findings = findings;
    if (this.#text.startsWith('\ufeff')) {
      this.#at = 1;
    }
  }

  read(): void {
    while (this.#skipToStatement()) {
      this.#statement();
    }
  }

  /** Moves over white space and comment lines; false at the end. */
  #skipToStatement(): boolean {
    for (;;) {
      while (this.#at < this.#text.length && anySpace.test(this.#text[this.#at] ?? '')) {
        this.#at += 1;
      }
      if (this.#at >= this.#text.length) {
        return false;
      }
      if (this.#text[this.#at] !== '#') {
        return true;
      }
      const lineEnd = this.#text.indexOf('\n', this.#at);
      if (lineEnd === -1) {
        return false;
      }
      this.#at = lineEnd;
    }
  }

  #statement(): void {
    const exported = /^export\s+/.exec(this.#text.slice(this.#at, this.#at + 64));
    if (exported !== null) {
      this.#at += exported[0].length;
    }
    const start = this.#at;
    const { key, separator } = this.#key();
    if (key.includes(' ')) {
      throw new DotenvSyntaxError(`variable name "${key}" has a space in it`, start);
    }
    this.#skipBlanks();
    if (separator === 'none') {
      const value = this.#lookup(key);
      if (value !== undefined) {
        this.#set(key, value, start);
      }
      return;
    }
    this.#set(key, this.#value(), start);
  }

  #key(): { key: string; separator: 'equals' | 'none' } {
    const start = this.#at;
    for (let at = start; at < this.#text.length; at += 1) {
      const char = this.#text[at] ?? '';
      if (char === '=' || char === ':') {
        this.#at = at + 1;
        return { key: this.#text.slice(start, at).trimEnd(), separator: 'equals' };
      }
      if (char === '\n') {
        this.#at = at + 1;
        return { key: this.#text.slice(start, at).trimEnd(), separator: 'none' };
      }
      if (!keyChar.test(char) && !blank.test(char) && !isSurrogate(char)) {
        throw new DotenvSyntaxError(`unexpected character "${char}" in a variable name`, at);
      }
    }
    // a name at the very end of the file, without a line break, defines nothing
    this.#at = this.#text.length;
    return { key: '', separator: 'none' };
  }

  #value(): string {
    const quote = this.#text[this.#at];
    if (quote === '"' || quote === "'") {
      return this.#quotedValue(quote);
    }
    const start = this.#at;
    const lineEnd = this.#text.indexOf('\n', start);
    const end = lineEnd === -1 ? this.#text.length : lineEnd;
    this.#at = lineEnd === -1 ? end : end + 1;
    const [bare = ''] = this.#text.slice(start, end).split(' #', 1);
    return this.#expand(bare.trimEnd(), start);
  }

  #quotedValue(quote: string): string {
    const start = this.#at;
    let value = '';
    let escaped = false;
    for (let at = start + 1; at < this.#text.length; at += 1) {
      const char = this.#text[at] ?? '';
      if (char === quote && !escaped) {
        this.#at = at + 1;
        return quote === '"' ? this.#expand(expandEscapes(value), start) : value;
      }
      if (char === '\\' && !escaped) {
        escaped = true;
        continue;
      }
      value += escaped && char !== quote ? `\\${char}` : char;
      escaped = false;
    }
    throw new DotenvSyntaxError('unterminated quoted value', start);
  }

  #expand(value: string, offset: number): string {
    const { text, failure } = expandTemplate(
      value,
      (name) => this.#lookup(name) ?? this.#into.get(name)?.value,
      (name) => {
        const place = {
          source: this.#source,
          start: offset,
          end: offset + Math.max(value.length, 1),
        };
        this.#findings.warning(
          'COMPOSE_VARIABLE_UNSET',
          `variable ${name} is not set; the empty string takes its place`,
          place,
        );
      },
    );
    if (failure === undefined) {
      return text;
    }
    throw new DotenvSyntaxError(
      failure.kind === 'required'
        ? `required variable ${failure.variable} is not set${failure.reason === '' ? '' : `: ${failure.reason}`}`
        : `"${value.slice(failure.offset, failure.offset + 20)}" is no variable`,
      offset,
    );
  }

  #set(key: string, value: string, start: number): void {
    const place = { source: this.#source, start, end: Math.max(this.#at, start + 1) };
    const before = this.#into.get(key);
    const overrode = before?.place.source === place.source ? before.overrode : before;
    this.#into.set(key, overrode === undefined ? { value, place } : { value, place, overrode });
  }

  #skipBlanks(): void {
    while (blank.test(this.#text[this.#at] ?? '')) {
      this.#at += 1;
    }
  }
}

/** Letters outside the basic plane come as two code units; the pair was checked as neither. */
function isSurrogate(char: string): boolean {
  return char >= '\ud800' && char <= '\udfff';
}

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  // read back as a plain dollar sign when variables are replaced
  $: '$$',
};

/** `\n`, `\t`, `\"`, `\$`, `\0101` …; any other backslash stays. */
function expandEscapes(text: string): string {
  return text.replace(
    /\\(?:0(\d{0,3})|([abcfnrtv$"\\]))/g,
    (whole, octal: string, char: string) => {
      if (octal !== undefined) {
        return /^[0-3][0-7]{2}$/.test(octal)
          ? String.fromCharCode(Number.parseInt(octal, 8))
          : whole;
      }
      return escapes[char] ?? whole;
    },
  );
}
