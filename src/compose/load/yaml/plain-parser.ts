import type { Findings } from '../findings.ts';
import { FlowReader, NotPlainError, quotedEnd, unquote } from './flow-reader.ts';
import type { Node } from './node.ts';
import type { Source } from './source.ts';
import {
  deepestNesting,
  TreeBuilder,
  UnbuildableError,
  type WrittenKey,
  type WrittenPair,
} from './tree-builder.ts';

/** Characters with a meaning of their own at the start of a plain scalar. */
const indicators = new Set([...'[]{},#&*!|>\'"%@`']);

/**
 * Parses the YAML that compose files are mostly made of, several times as fast as the library: block mappings and
 * lists, scalars on one line, literal blocks, flow collections, comments, anchors and aliases.
 *
 * Nothing is guessed: at the first thing that is not plainly one of these (folded text, tags, several documents, tabs,
 * any mistake) it gives up, and the library reads the whole file, which also knows how to report mistakes.
 *
 * @returns `undefined` where it gave up.
 */
export function parsePlainYaml(source: Source, findings: Findings): Node[] | undefined {
  if (/[\t\r\ufeff\u0085\u2028\u2029]|^(?:---|\.\.\.|%)/m.test(source.text)) {
    return undefined;
  }
  try {
    return new PlainParser(source, new TreeBuilder(source, findings)).document();
  } catch (error) {
    if (error instanceof NotPlainError) {
      return undefined;
    }
    if (error instanceof UnbuildableError) {
      return [];
    }
    throw error;
  }
}

class PlainParser {
  readonly #source: Source;
  readonly #text: string;
  readonly #builder: TreeBuilder;
  /** The line at hand: where it starts, its first character that counts, where it ends. */
  #lineStart = 0;
  #start = 0;
  #lineEnd = -1;
  /** Column of the first character that counts; -1 after the last line. */
  #indent = 0;
  #depth = 0;

  constructor(source: Source, builder: TreeBuilder) {
    this.#source = source;
    this.#text = source.text;
    this.#builder = builder;
  }

  document(): Node[] {
    this.#nextLine();
    if (this.#indent === -1) {
      return [];
    }
    const root = this.#block();
    if (this.#indent !== -1) {
      throw new NotPlainError();
    }
    return [root];
  }

  /** Moves to the next line that is neither blank nor a comment. */
  #nextLine(): void {
    const text = this.#text;
    for (let at = this.#lineEnd + 1; at < text.length; ) {
      const newline = text.indexOf('\n', at);
      const end = newline === -1 ? text.length : newline;
      let start = at;
      while (start < end && text.charCodeAt(start) === 32) {
        start += 1;
      }
      if (start < end && text.charCodeAt(start) !== 35 /* # */) {
        this.#lineStart = at;
        this.#start = start;
        this.#lineEnd = end;
        this.#indent = start - at;
        return;
      }
      at = end + 1;
    }
    this.#indent = -1;
  }

  /** A mapping or list that starts on the line at hand. */
  #block(): Node {
    this.#depth += 1;
    if (this.#depth > deepestNesting) {
      throw new NotPlainError();
    }
    const node = this.#isItem() ? this.#list(this.#indent) : this.#mapping(this.#indent);
    this.#depth -= 1;
    return node;
  }

  #isItem(): boolean {
    const after = this.#start + 1;
    return this.#text[this.#start] === '-' && (after >= this.#lineEnd || this.#text[after] === ' ');
  }

  #mapping(indent: number): Node {
    const start = this.#start;
    const pairs: WrittenPair[] = [];
    let end = start;
    while (this.#indent === indent && !this.#isItem()) {
      const { key, colon } = this.#key();
      const value = this.#value(colon + 1, indent, true);
      pairs.push({ key, value });
      end = Math.max(value.end, colon + 1);
    }
    this.#requireOutdent(indent);
    return this.#builder.map(pairs, start, end);
  }

  #list(indent: number): Node {
    const start = this.#start;
    const items: Node[] = [];
    let end = start + 1;
    while (this.#indent === indent && this.#isItem()) {
      const item = this.#item(indent);
      items.push(item);
      end = Math.max(end, item.end);
    }
    this.#requireOutdent(indent);
    return this.#builder.seq(items, start, end);
  }

  #requireOutdent(indent: number): void {
    // a list may stand at the column of its key, so the same column is the caller's to judge
    if (this.#indent > indent) {
      throw new NotPlainError();
    }
  }

  #item(indent: number): Node {
    const at = this.#skipSpaces(this.#start + 1);
    if (at < this.#lineEnd && this.#startsBlock(at)) {
      this.#start = at;
      this.#indent = at - this.#lineStart;
      return this.#block();
    }
    return this.#value(this.#start + 1, indent, false);
  }

  /** Whether a list or a mapping starts at `at`, behind the dash of an item. */
  #startsBlock(at: number): boolean {
    const char = this.#text[at] ?? '';
    const next = this.#text[at + 1];
    if (char === '-' && (next === ' ' || at + 1 >= this.#lineEnd)) {
      return true;
    }
    if (char === '"' || char === "'") {
      const end = quotedEnd(this.#text, at, this.#lineEnd);
      return this.#text[end] === ':';
    }
    return !indicators.has(char) && this.#colonAfter(at) !== -1;
  }

  /** The colon that ends a plain key from `at`, -1 where the rest of the line has none. */
  #colonAfter(at: number): number {
    const line = this.#text.slice(at, this.#lineEnd);
    for (let colon = line.indexOf(':'); colon !== -1; colon = line.indexOf(':', colon + 1)) {
      if (colon + 1 === line.length || line[colon + 1] === ' ') {
        const comment = line.indexOf(' #');
        return comment !== -1 && comment < colon ? -1 : at + colon;
      }
    }
    return -1;
  }

  #key(): { key: WrittenKey; colon: number } {
    const start = this.#start;
    const first = this.#text[start] ?? '';
    if (first === '"' || first === "'") {
      const end = quotedEnd(this.#text, start, this.#lineEnd);
      if (this.#text[end] !== ':' || (end + 1 < this.#lineEnd && this.#text[end + 1] !== ' ')) {
        throw new NotPlainError();
      }
      const text = unquote(this.#text.slice(start, end));
      return { key: { source: this.#source, start, end, text, quoted: true }, colon: end };
    }
    const colon = this.#colonAfter(start);
    if (indicators.has(first) || colon === -1 || (first === '?' && this.#text[start + 1] === ' ')) {
      throw new NotPlainError();
    }
    const text = this.#text.slice(start, colon).trimEnd();
    const key = { source: this.#source, start, end: start + text.length, text, quoted: false };
    return { key, colon };
  }

  /**
   * The value that starts at `at` on the line at hand, or on the lines below it.
   * @param indent - column of the mapping or list that the value belongs to.
   */
  #value(at: number, indent: number, isOfKey: boolean): Node {
    const start = this.#skipSpaces(at);
    const char = start < this.#lineEnd ? this.#text[start] : undefined;
    if (char === '&') {
      const name = this.#anchorName(start + 1);
      if (/[&*]/.test(this.#text[this.#skipSpaces(start + 1 + name.length)] ?? '')) {
        throw new NotPlainError();
      }
      const opened = this.#builder.openAnchor(name);
      const node = this.#value(start + 1 + name.length, indent, isOfKey);
      this.#builder.closeAnchor(name, node, opened);
      return node;
    }
    if (char === undefined || this.#isComment(start)) {
      return this.#below(at, indent, isOfKey);
    }
    switch (char) {
      case '*':
        return this.#finish(this.#alias(start), this.#aliasEnd(start), indent);
      case '|':
        return this.#literal(start, indent);
      case '"':
      case "'": {
        const end = quotedEnd(this.#text, start, this.#lineEnd);
        const value = unquote(this.#text.slice(start, end));
        return this.#finish(this.#builder.quoted(value, start, end), end, indent);
      }
      case '[':
      case '{': {
        const reader = new FlowReader(this.#text, this.#builder, start, indent);
        const node = reader.read();
        this.#lineEnd = lineEndAfter(this.#text, reader.at);
        return this.#finish(node, reader.at, indent);
      }
      default:
        return this.#plain(start, indent);
    }
  }

  /** What follows a key or dash that ends its line: a block further in, or nothing. */
  #below(at: number, indent: number, isOfKey: boolean): Node {
    this.#nextLine();
    if (this.#indent > indent || (isOfKey && this.#indent === indent && this.#isItem())) {
      return this.#block();
    }
    return this.#builder.plain('', at, at);
  }

  #plain(start: number, indent: number): Node {
    const text = this.#text;
    const first = text[start] ?? '';
    const second = start + 1 < this.#lineEnd ? text[start + 1] : ' ';
    if (indicators.has(first) || (/[-?:]/.test(first) && second === ' ')) {
      throw new NotPlainError();
    }
    const line = text.slice(start, this.#lineEnd);
    const comment = line.indexOf(' #');
    const value = (comment === -1 ? line : line.slice(0, comment)).trimEnd();
    if (value.includes(': ') || value.endsWith(':')) {
      throw new NotPlainError();
    }
    const end = start + value.length;
    return this.#finish(this.#builder.plain(value, start, end), end, indent);
  }

  /** Checks that nothing but a comment follows what ends at `end`, on its line or further in on the next. */
  #finish(node: Node, end: number, indent: number): Node {
    const after = this.#skipSpaces(end);
    if (after < this.#lineEnd && !this.#isComment(after)) {
      throw new NotPlainError();
    }
    this.#nextLine();
    if (this.#indent > indent) {
      throw new NotPlainError();
    }
    return node;
  }

  #alias(start: number): Node {
    const end = this.#aliasEnd(start);
    return this.#builder.alias(this.#text.slice(start + 1, end), start, end);
  }

  #aliasEnd(start: number): number {
    return start + 1 + this.#anchorName(start + 1).length;
  }

  #anchorName(at: number): string {
    const name = /^[\w.-]+(?= |$)/.exec(this.#text.slice(at, this.#lineEnd))?.[0];
    if (name === undefined) {
      throw new NotPlainError();
    }
    return name;
  }

  #literal(start: number, indent: number): Node {
    const header = /^\|([-+]?) *$/.exec(this.#text.slice(start, this.#lineEnd));
    if (header === null) {
      throw new NotPlainError();
    }
    const lines: string[] = [];
    let blockIndent = -1;
    let end = this.#lineEnd;
    let pendingBlank = 0;
    let next = this.#lineEnd + 1;
    while (next < this.#text.length) {
      const lineEnd = lineEndAfter(this.#text, next);
      const line = this.#text.slice(next, lineEnd);
      const column = line.search(/[^ ]/);
      if (column === -1) {
        // spaces beyond the text's column would belong to the text
        if (line.length > (blockIndent === -1 ? indent + 1 : blockIndent)) {
          throw new NotPlainError();
        }
        pendingBlank += 1;
      } else {
        blockIndent = blockIndent === -1 && column > indent ? column : blockIndent;
        if (blockIndent === -1 || column < blockIndent) {
          break;
        }
        lines.push(...Array<string>(pendingBlank).fill(''), line.slice(blockIndent));
        pendingBlank = 0;
        end = lineEnd;
      }
      next = lineEnd + 1;
    }
    const isCutOff = end >= this.#text.length;
    const tail = lines.length === 0 || header[1] === '-' || isCutOff ? '' : '\n';
    if (header[1] === '+' && (pendingBlank > 0 || lines.length === 0)) {
      throw new NotPlainError();
    }
    this.#lineEnd = next - 1;
    this.#nextLine();
    if (this.#indent > indent && blockIndent !== -1) {
      throw new NotPlainError();
    }
    return this.#builder.quoted(lines.join('\n') + tail, start, end);
  }

  #skipSpaces(at: number): number {
    let next = at;
    while (next < this.#lineEnd && this.#text.charCodeAt(next) === 32) {
      next += 1;
    }
    return next;
  }

  #isComment(at: number): boolean {
    return this.#text[at] === '#' && this.#text[at - 1] === ' ';
  }
}

function lineEndAfter(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline === -1 ? text.length : newline;
}
