import type { Node } from './node.ts';
import {
  deepestNesting,
  type TreeBuilder,
  type WrittenKey,
  type WrittenPair,
} from './tree-builder.ts';

/** Thrown where a file is not of the plain kind; the library reads it then. */
export class NotPlainError extends Error {
  override readonly name = 'NotPlainError';
}

const simpleEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  '"': '"',
  '\\': '\\',
  '/': '/',
};

/** Offset after the closing quote of the scalar at `start`. @throws {NotPlainError} where it is not on this line */
export function quotedEnd(text: string, start: number, limit: number): number {
  const quote = text[start];
  for (let at = start + 1; at < limit; at += 1) {
    const char = text[at];
    if (char === '\\' && quote === '"') {
      at += 1;
    } else if (char === quote) {
      if (quote === "'" && text[at + 1] === "'") {
        at += 1;
      } else {
        return at + 1;
      }
    }
  }
  throw new NotPlainError();
}

/** Value of a scalar with its quotes around it. */
export function unquote(written: string): string {
  const inner = written.slice(1, -1);
  if (written.startsWith("'")) {
    return inner.includes("'") ? inner.replaceAll("''", "'") : inner;
  }
  if (!inner.includes('\\')) {
    return inner;
  }
  return inner.replaceAll(/\\(.)/g, (_, char: string) => {
    const value = simpleEscapes[char];
    if (value === undefined) {
      throw new NotPlainError();
    }
    return value;
  });
}

/** Reads one `[…]` or `{…}`, over several lines where need be. */
export class FlowReader {
  readonly #text: string;
  readonly #builder: TreeBuilder;
  readonly #indent: number;
  #depth = 0;
  /** Offset after what was read. */
  at: number;

  /** @param indent - column that the lines of the collection must lie right of. */
  constructor(text: string, builder: TreeBuilder, at: number, indent: number) {
    this.#text = text;
    this.#builder = builder;
    this.at = at;
    this.#indent = indent;
  }

  read(): Node {
    const char = this.#text[this.at];
    if (char === '[' || char === '{') {
      this.#depth += 1;
      if (this.#depth > deepestNesting) {
        throw new NotPlainError();
      }
      const node = char === '[' ? this.#list() : this.#mapping();
      this.#depth -= 1;
      return node;
    }
    if (char === '*') {
      return this.#alias();
    }
    const { key, quoted } = this.#scalar();
    return quoted
      ? this.#builder.quoted(key.text, key.start, key.end)
      : this.#builder.plain(key.text, key.start, key.end);
  }

  #list(): Node {
    const start = this.at;
    const items: Node[] = [];
    this.at += 1;
    for (this.#skip(); this.#text[this.at] !== ']'; ) {
      items.push(this.read());
      this.#separator(']');
    }
    this.at += 1;
    return this.#builder.seq(items, start, this.at);
  }

  #mapping(): Node {
    const start = this.at;
    const pairs: WrittenPair[] = [];
    this.at += 1;
    for (this.#skip(); this.#text[this.at] !== '}'; ) {
      const { key } = this.#scalar();
      this.#skip();
      pairs.push({ key, value: this.#valueAfterKey() });
      this.#separator('}');
    }
    this.at += 1;
    return this.#builder.map(pairs, start, this.at);
  }

  #valueAfterKey(): Node {
    if (this.#text[this.at] !== ':') {
      return this.#builder.plain('', this.at, this.at);
    }
    this.at += 1;
    const after = this.at;
    this.#skip();
    const char = this.#text[this.at];
    return char === ',' || char === '}' ? this.#builder.plain('', after, after) : this.read();
  }

  #separator(close: string): void {
    this.#skip();
    const char = this.#text[this.at];
    if (char === ',') {
      this.at += 1;
      this.#skip();
    } else if (char !== close) {
      throw new NotPlainError();
    }
  }

  #scalar(): { key: WrittenKey; quoted: boolean } {
    const start = this.at;
    const first = this.#text[start] ?? '';
    const source = this.#builder.source;
    if (first === '"' || first === "'") {
      const newline = this.#text.indexOf('\n', start);
      this.at = quotedEnd(this.#text, start, newline === -1 ? this.#text.length : newline);
      const text = unquote(this.#text.slice(start, this.at));
      return { key: { source, start, end: this.at, text, quoted: true }, quoted: true };
    }
    if (first === '' || /[[\]{},#&*!|>%@`?:-]/.test(first)) {
      // a number may be negative; all else that starts like this is left to the library
      if (!/^-[\d.]/.test(this.#text.slice(start, start + 2))) {
        throw new NotPlainError();
      }
    }
    const text = this.#plainText(start);
    this.at = start + text.length;
    return { key: { source, start, end: this.at, text, quoted: false }, quoted: false };
  }

  #plainText(start: number): string {
    for (let at = start; at < this.#text.length; at += 1) {
      const char = this.#text[at] ?? '';
      const next = this.#text[at + 1] ?? '\n';
      if (char === '\n' || (char === ' ' && next === '#')) {
        const text = this.#text.slice(start, at).trimEnd();
        const following = /\S/.exec(this.#text.slice(at, at + 200))?.[0] ?? '';
        // on the next line the scalar could go on
        if (!/[\]},]/.test(following)) {
          throw new NotPlainError();
        }
        return text;
      }
      if (/[[\]{},]/.test(char) || (char === ':' && /[\s,[\]{}]/.test(next))) {
        return this.#text.slice(start, at).trimEnd();
      }
    }
    throw new NotPlainError();
  }

  #alias(): Node {
    const name = /^[\w.-]+(?=[ ,\]}\n])/.exec(this.#text.slice(this.at + 1, this.at + 200))?.[0];
    if (name === undefined) {
      throw new NotPlainError();
    }
    const start = this.at;
    this.at += 1 + name.length;
    return this.#builder.alias(name, start, this.at);
  }

  /** Moves over white space; each new line must be indented more than what the collection belongs to. */
  #skip(): void {
    for (;;) {
      const char = this.#text[this.at];
      if (char === ' ') {
        this.at += 1;
      } else if (char === '\n') {
        const lineStart = this.at + 1;
        this.at = lineStart;
        while (this.#text[this.at] === ' ') {
          this.at += 1;
        }
        if (this.#text[this.at] !== '\n' && this.at - lineStart <= this.#indent) {
          throw new NotPlainError();
        }
      } else if (char === undefined || char === '#') {
        throw new NotPlainError();
      } else {
        return;
      }
    }
  }
}
