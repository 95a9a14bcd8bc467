import type { InstructionNode, Pair, Token } from './ast.ts';
import { dockerfileError } from './dockerfile-error.ts';
import { leadingFlags } from './instruction-flags.ts';
import type { LogicalLine } from './logical-line.ts';
import { jsonWords, plainWords, quotedWords, type Word } from './words.ts';

/** How an instruction's arguments are read. */
type Grammar =
  | 'json-or-text'
  | 'json-or-words'
  | 'words'
  | 'quoted-words'
  | 'pairs'
  | 'text'
  | 'healthcheck'
  | 'trigger';

const grammars: Readonly<Record<string, Grammar>> = {
  ADD: 'json-or-words',
  ARG: 'quoted-words',
  CMD: 'json-or-text',
  COPY: 'json-or-words',
  ENTRYPOINT: 'json-or-text',
  ENV: 'pairs',
  EXPOSE: 'words',
  FROM: 'words',
  HEALTHCHECK: 'healthcheck',
  LABEL: 'pairs',
  MAINTAINER: 'text',
  ONBUILD: 'trigger',
  RUN: 'json-or-text',
  SHELL: 'json-or-text',
  STOPSIGNAL: 'text',
  USER: 'text',
  VOLUME: 'json-or-words',
  WORKDIR: 'text',
};

/** Every instruction there is. */
export const instructionNames: readonly string[] = Object.keys(grammars);

/**
 * Parses one instruction.
 * @throws {AppError} `BUILD_DOCKERFILE_INVALID`
 */
export function parseInstruction(line: LogicalLine, escapeChar: string): InstructionNode {
  return new InstructionParser(line, escapeChar).parse(0);
}

/** ADD, COPY and RUN in their shell form may open heredocs; so may a trigger of that kind. */
export function takesHeredocs({ name, isJson, trigger }: InstructionNode): boolean {
  if (name === 'ONBUILD') return trigger !== undefined && takesHeredocs(trigger);
  return !isJson && (name === 'ADD' || name === 'COPY' || name === 'RUN');
}

type Parsed = Partial<Pick<InstructionNode, 'args' | 'isJson' | 'pairs' | 'trigger'>>;

class InstructionParser {
  readonly #line: LogicalLine;
  readonly #escapeChar: string;

  constructor(line: LogicalLine, escapeChar: string) {
    this.#line = line;
    this.#escapeChar = escapeChar;
  }

  parse(from: number): InstructionNode {
    const { text } = this.#line;
    const lead = text.slice(from).length - text.slice(from).trimStart().length;
    const start = from + lead;
    const [word = ''] = /^\S*/.exec(text.slice(start)) ?? [];
    const name = word.toUpperCase();
    const end = text.trimEnd().length;
    const { flags, rest } = leadingFlags(
      text.slice(start + word.length, end),
      start + word.length,
      this.#escapeChar,
    );
    const nameRange = this.#line.range(start, start + word.length);
    const parsed = this.#arguments(name, Math.min(rest, end), end, nameRange);
    return {
      name,
      nameRange,
      flags: flags.map((flag) => this.#token(flag)),
      args: [],
      isJson: false,
      pairs: [],
      heredocs: [],
      trigger: undefined,
      ...parsed,
      original: text.slice(start, end),
      range: this.#line.range(start, end),
    };
  }

  #arguments(
    name: string,
    start: number,
    end: number,
    nameRange: InstructionNode['range'],
  ): Parsed {
    const rest = this.#line.text.slice(start, end);
    switch (grammars[name]) {
      case 'json-or-text':
        return this.#json(rest, start) ?? this.#text(rest, start);
      case 'json-or-words':
        return this.#json(rest, start) ?? this.#words(plainWords(rest, start));
      case 'words':
        return this.#words(plainWords(rest, start));
      case 'quoted-words':
        return this.#words(quotedWords(rest, start, this.#escapeChar));
      case 'pairs':
        return { pairs: this.#pairs(name, rest, start, nameRange) };
      case 'healthcheck':
        return this.#healthcheck(rest, start);
      case 'trigger':
        return rest === '' ? {} : { trigger: this.parse(start) };
      default:
        return this.#text(rest, start);
    }
  }

  #json(rest: string, start: number): Parsed | undefined {
    const form = jsonWords(rest, start);
    if (form.kind === 'no-json') return undefined;
    if (form.kind === 'not-strings') {
      throw dockerfileError(
        this.#line.range(start, start + rest.length),
        'when using JSON array syntax, arrays must be comprised of strings only',
      );
    }
    return { ...this.#words(form.words), isJson: true };
  }

  #text(rest: string, start: number): Parsed {
    return rest === '' ? {} : this.#words([{ text: rest, start, end: start + rest.length }]);
  }

  #words(words: readonly Word[]): { args: Token[] } {
    return { args: words.map((word) => this.#token(word)) };
  }

  #pairs(name: string, rest: string, start: number, nameRange: InstructionNode['range']): Pair[] {
    const words = quotedWords(rest, start, this.#escapeChar);
    const [first] = words;
    if (first === undefined) return [];
    if (!first.text.includes('=')) return [this.#oldPair(name, rest, start, nameRange)];
    return words.map((word) => {
      const equals = word.text.indexOf('=');
      if (equals < 0) {
        throw dockerfileError(
          this.#line.range(word.start, word.end),
          `can't find = in "${word.text}": it must be of the form name=value`,
        );
      }
      return {
        key: this.#token({
          text: word.text.slice(0, equals),
          start: word.start,
          end: word.start + equals,
        }),
        value: this.#token({
          text: word.text.slice(equals + 1),
          start: Math.min(word.start + equals + 1, word.end),
          end: word.end,
        }),
        separator: '=',
      };
    });
  }

  /** `ENV KEY everything after it`. */
  #oldPair(name: string, rest: string, start: number, nameRange: InstructionNode['range']): Pair {
    const [, key = '', gap = '', value] = /^(\S+)(\s+)([\s\S]+)$/.exec(rest) ?? [];
    if (value === undefined) throw dockerfileError(nameRange, `${name} must have two arguments`);
    const at = start + key.length + gap.length;
    return {
      key: this.#token({ text: key, start, end: start + key.length }),
      value: this.#token({ text: value, start: at, end: at + value.length }),
      separator: '',
    };
  }

  #healthcheck(rest: string, start: number): Parsed {
    const [whole, type = ''] = /^(\S+)\s*/.exec(rest) ?? [];
    if (whole === undefined) return {};
    const kind = this.#token({ text: type, start, end: start + type.length });
    const at = start + whole.length;
    const command = rest.slice(whole.length);
    const parsed = this.#json(command, at) ?? this.#text(command, at);
    return { ...parsed, args: [kind, ...(parsed.args ?? [])] };
  }

  #token({ text, start, end }: Word): Token {
    return { text, range: this.#line.range(start, end) };
  }
}
