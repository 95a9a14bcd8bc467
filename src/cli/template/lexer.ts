import { TemplateError } from './template-error.ts';

/** One token of an action `{{ … }}`. */
export interface Token {
  readonly kind: 'field' | 'variable' | 'identifier' | 'string' | 'number' | 'dot' | 'punctuation';
  /** The token as written, without the quotes of a string and with its escapes resolved. */
  readonly text: string;
  /** True where blanks stand before it: `.A .B` is two operands, `.A.B` one. */
  readonly spaced: boolean;
}

/** A template is text and actions in turn. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[] };

/**
 * Splits a template of Go's text/template into text and actions; `{{-` and `-}}` trim the text beside them, comments
 * vanish.
 * @throws {TemplateError}
 */
export function splitTemplate(source: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimNext = false;
  while (at <= source.length) {
    const open = source.indexOf('{{', at);
    const end = open < 0 ? source.length : open;
    const trimsBefore = open >= 0 && /^\{\{-\s/.test(source.slice(open, open + 4));
    let text = source.slice(at, end);
    if (trimNext) text = text.trimStart();
    if (trimsBefore) text = text.trimEnd();
    if (text !== '') pieces.push({ kind: 'text', text });
    if (open < 0) break;
    const action = readAction(source, open + (trimsBefore ? 3 : 2));
    if (action.tokens.length > 0) pieces.push({ kind: 'action', tokens: action.tokens });
    else if (!action.isComment) throw new TemplateError('missing value for command');
    trimNext = action.trimsAfter;
    at = action.end;
  }
  return pieces;
}

interface Action {
  readonly tokens: readonly Token[];
  readonly isComment: boolean;
  readonly trimsAfter: boolean;
  readonly end: number;
}

const comment = /\s*\/\*[\s\S]*?\*\/\s*?(\s-)?\}\}/y;
const blank = /\s+/y;
const close = /(?:(?<=\s)-)?\}\}/y;
const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  ['field', /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ['variable', /\$[\p{L}\p{N}_]*/uy],
  ['number', /[+-]?(?:0[xX][\da-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)/y],
  ['dot', /\./y],
  ['identifier', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['punctuation', /:=|[|(),=]/y],
];

function readAction(source: string, start: number): Action {
  const commentMatch = matchAt(comment, source, start);
  if (commentMatch !== undefined) {
    const [text, dash] = commentMatch;
    return {
      tokens: [],
      isComment: true,
      trimsAfter: dash !== undefined,
      end: start + text.length,
    };
  }
  const tokens: Token[] = [];
  let at = start;
  let spaced = false;
  while (at < source.length) {
    const space = matchAt(blank, source, at)?.[0];
    if (space !== undefined) {
      at += space.length;
      spaced = true;
    }
    const end = matchAt(close, source, at)?.[0];
    if (end !== undefined) {
      return { tokens, isComment: false, trimsAfter: end.length > 2, end: at + end.length };
    }
    if (at >= source.length) break;
    const token = readToken(source, at);
    tokens.push({ kind: token.kind, text: token.text, spaced });
    at = token.end;
    spaced = false;
  }
  throw new TemplateError('unclosed action');
}

function readToken(source: string, at: number): { kind: Token['kind']; text: string; end: number } {
  const first = source[at];
  if (first === '"') return readQuoted(source, at);
  if (first === '`') {
    const end = source.indexOf('`', at + 1);
    if (end < 0) throw new TemplateError('unterminated raw quoted string');
    return { kind: 'string', text: source.slice(at + 1, end), end: end + 1 };
  }
  for (const [kind, pattern] of patterns) {
    const text = matchAt(pattern, source, at)?.[0];
    if (text !== undefined) return { kind, text, end: at + text.length };
  }
  throw new TemplateError(`unexpected ${JSON.stringify(first)} in action`);
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
};

function readQuoted(source: string, start: number): { kind: 'string'; text: string; end: number } {
  let text = '';
  for (let at = start + 1; at < source.length; at += 1) {
    const char = source[at] ?? '';
    if (char === '"') return { kind: 'string', text, end: at + 1 };
    if (char === '\n') break;
    if (char !== '\\') {
      text += char;
      continue;
    }
    const code = /^(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3}))/.exec(
      source.slice(at + 1, at + 10),
    );
    if (code !== null) {
      const [digits, x, u, long, octal] = code;
      text += String.fromCodePoint(Number.parseInt(x ?? u ?? long ?? octal ?? '0', octal ? 8 : 16));
      at += digits.length;
    } else {
      at += 1;
      const escaped = source[at] ?? '';
      text += escapes[escaped] ?? escaped;
    }
  }
  throw new TemplateError('unterminated quoted string');
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
