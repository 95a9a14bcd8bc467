import { type Piece, splitTemplate, type Token } from './lexer.ts';
import { TemplateError } from './template-error.ts';

/** An operand: where a value comes from, and the fields that are taken of it. */
export type Operand =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'dot'; readonly fields: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly fields: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'group'; readonly pipeline: Pipeline; readonly fields: readonly string[] };

/** `printf "%s" .Name`: a function and its arguments, or one operand. */
export type Call = readonly Operand[];

export interface Pipeline {
  /** Names that `:=` or `=` gives the value (two of `range $i, $e :=`). */
  readonly variables: readonly string[];
  readonly declares: boolean;
  readonly calls: readonly Call[];
}

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | { readonly kind: 'break' | 'continue' };

type Block = Extract<Node, { kind: 'if' | 'with' | 'range' }>['kind'];

/**
 * Parses a template of Go's text/template: values, pipes, variables, `if`, `with`, `range`, `break`, `continue`.
 * Named templates (`define`, `template`, `block`) are refused; a format has no use for them.
 * @throws {TemplateError}
 */
export function parseTemplate(source: string): readonly Node[] {
  const { nodes, end } = new Parser(splitTemplate(source)).list(false);
  if (end !== undefined) throw new TemplateError(`unexpected {{${end.word}}}`);
  return nodes;
}

/** What ended a list of nodes: `{{end}}` or `{{else …}}`; none at the template's end. */
interface End {
  readonly word: 'end' | 'else';
  readonly tokens: readonly Token[];
}

class Parser {
  readonly #pieces: readonly Piece[];
  #at = 0;

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  list(inRange: boolean): { readonly nodes: readonly Node[]; readonly end: End | undefined } {
    const nodes: Node[] = [];
    while (this.#at < this.#pieces.length) {
      const piece = this.#pieces[this.#at] as Piece;
      this.#at += 1;
      if (piece.kind === 'text') {
        nodes.push(piece);
        continue;
      }
      const [first, ...tokens] = piece.tokens;
      const word = first?.kind === 'identifier' ? first.text : '';
      if (word === 'end' || word === 'else') return { nodes, end: { word, tokens } };
      nodes.push(this.#action(word, piece.tokens, inRange));
    }
    return { nodes, end: undefined };
  }

  #action(word: string, tokens: readonly Token[], inRange: boolean): Node {
    switch (word) {
      case 'if':
      case 'with':
      case 'range':
        return this.#block(word, tokens.slice(1), inRange);
      case 'break':
      case 'continue':
        if (!inRange) throw new TemplateError(`{{${word}}} outside {{range}}`);
        return { kind: word };
      case 'define':
      case 'template':
      case 'block':
        throw new TemplateError(`{{${word}}} is not supported in a format`);
      default:
        return { kind: 'print', pipeline: parsePipeline(tokens) };
    }
  }

  #block(kind: Block, tokens: readonly Token[], inRange: boolean): Node {
    const pipeline = parsePipeline(tokens);
    const { nodes: body, end } = this.list(inRange || kind === 'range');
    if (end === undefined) throw new TemplateError('unexpected EOF: {{end}} is missing');
    if (end.word === 'end') return { kind, pipeline, body, otherwise: [] };
    const [next, ...rest] = end.tokens;
    // `{{else if x}}` stands for an `if` within the else, and shares its end.
    if (next?.kind === 'identifier' && (next.text === 'if' || next.text === 'with')) {
      return { kind, pipeline, body, otherwise: [this.#block(next.text, rest, inRange)] };
    }
    if (next !== undefined) throw new TemplateError(`unexpected "${next.text}" in {{else}}`);
    const otherwise = this.list(inRange);
    if (otherwise.end?.word !== 'end') throw new TemplateError('expected {{end}} after {{else}}');
    return { kind, pipeline, body, otherwise: otherwise.nodes };
  }
}

function parsePipeline(tokens: readonly Token[]): Pipeline {
  const { variables, declares, rest } = takeVariables(tokens);
  const cursor = new Cursor(rest);
  const calls = parseCalls(cursor);
  if (cursor.peek() !== undefined) {
    throw new TemplateError(`unexpected "${cursor.peek()?.text}" in action`);
  }
  return { variables, declares, calls };
}

function takeVariables(tokens: readonly Token[]): {
  variables: readonly string[];
  declares: boolean;
  rest: readonly Token[];
} {
  const at = tokens.findIndex(
    ({ kind, text }) => kind === 'punctuation' && (text === ':=' || text === '='),
  );
  if (at < 0) return { variables: [], declares: false, rest: tokens };
  const names = tokens.slice(0, at).filter(({ text }) => text !== ',');
  if (names.length < 1 || names.length > 2 || names.some(({ kind }) => kind !== 'variable')) {
    throw new TemplateError('only variables can be assigned to');
  }
  return {
    variables: names.map(({ text }) => text),
    declares: tokens[at]?.text === ':=',
    rest: tokens.slice(at + 1),
  };
}

class Cursor {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  next(): Token | undefined {
    const token = this.peek();
    this.#at += 1;
    return token;
  }

  isAt(punctuation: string): boolean {
    const token = this.peek();
    return token?.kind === 'punctuation' && token.text === punctuation;
  }
}

function parseCalls(cursor: Cursor): readonly Call[] {
  const calls: Operand[][] = [[]];
  for (;;) {
    const call = calls.at(-1) as Operand[];
    const token = cursor.peek();
    if (token === undefined || cursor.isAt(')')) {
      if (call.length === 0) throw new TemplateError('missing value for command');
      return calls;
    }
    if (cursor.isAt('|')) {
      if (call.length === 0) throw new TemplateError('missing value for command');
      cursor.next();
      calls.push([]);
    } else call.push(parseOperand(cursor));
  }
}

function parseOperand(cursor: Cursor): Operand {
  const token = cursor.next() as Token;
  const { kind, text } = token;
  switch (kind) {
    case 'string':
      return { kind: 'literal', value: text };
    case 'number':
      return { kind: 'literal', value: Number(text) };
    case 'dot':
      return { kind: 'dot', fields: [] };
    case 'field':
      return { kind: 'dot', fields: [text.slice(1), ...takeFields(cursor)] };
    case 'variable':
      return { kind: 'variable', name: text, fields: takeFields(cursor) };
    case 'identifier':
      if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
      if (text === 'nil') return { kind: 'literal', value: null };
      return { kind: 'function', name: text };
    default:
      break;
  }
  if (text !== '(') throw new TemplateError(`unexpected "${text}" in operand`);
  const calls = parseCalls(cursor);
  if (!cursor.isAt(')')) throw new TemplateError('unclosed left paren');
  cursor.next();
  return {
    kind: 'group',
    pipeline: { variables: [], declares: false, calls },
    fields: takeFields(cursor),
  };
}

/** Fields that follow without a blank between. */
function takeFields(cursor: Cursor): string[] {
  const fields: string[] = [];
  for (let next = cursor.peek(); next?.kind === 'field' && !next.spaced; next = cursor.peek()) {
    fields.push(next.text.slice(1));
    cursor.next();
  }
  return fields;
}
