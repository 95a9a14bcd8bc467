/**
 * The variable syntax of compose files and .env files:
 *
 * `$NAME` `${NAME}` `${NAME:-default}` `${NAME-default}` `${NAME:+alternative}` `${NAME+alternative}`
 * `${NAME:?message}` `${NAME?message}`, and `$$` for a dollar sign. Defaults, alternatives and messages may hold
 * variables in turn. With a colon, an empty variable counts as unset. A braced variable ends on its line.
 */

/** Answers a variable's value, `undefined` where it is not set. */
export type VariableLookup = (name: string) => string | undefined;

/** Why a template cannot be expanded. */
export interface TemplateFailure {
  readonly kind: 'invalid' | 'required';
  /** For `required`: the variable. */
  readonly variable?: string;
  /** For `required`: the text after `:?`. */
  readonly reason?: string;
  /** Offset of the `$` in the text that was given. */
  readonly offset: number;
}

/** Variables nested in variables deeper than this are an attack, not a file. */
const deepestNesting = 50;

/** Characters looked at for closing braces in one text; braces that never pair up would make it quadratic. */
const mostBraceSteps = 5_000_000;

const nameStart = /[a-zA-Z_]/;
const nameForm = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const operatorForm = /:?[-+?]/y;

/** One variable as a template uses it. */
export interface VariableUse {
  readonly name: string;
  readonly operator?: string;
  /** The default, the alternative or the message, not yet expanded. */
  readonly argument?: string;
}

type Part = string | { readonly use: VariableUse; readonly offset: number };

/** Splits a template into text and variables; the first thing that is neither ends it. */
function parseTemplate(text: string): { parts: Part[]; invalidAt?: number } {
  const parts: Part[] = [];
  const line: LineState = { end: -1, lastBrace: -1, steps: 0 };
  let at = 0;
  for (;;) {
    const dollar = text.indexOf('$', at);
    if (dollar === -1) {
      parts.push(text.slice(at));
      return { parts };
    }
    parts.push(text.slice(at, dollar));
    const next = text[dollar + 1];
    if (next === '$') {
      parts.push('$');
      at = dollar + 2;
    } else if (next === '{') {
      const braced = parseBraced(text, dollar, line);
      if (braced === undefined) {
        return { parts, invalidAt: dollar };
      }
      parts.push({ use: braced.use, offset: dollar });
      at = braced.end;
    } else if (next !== undefined && nameStart.test(next)) {
      nameForm.lastIndex = dollar + 1;
      const name = nameForm.exec(text)?.[0] ?? '';
      parts.push({ use: { name }, offset: dollar });
      at = dollar + 1 + name.length;
    } else {
      // a dollar sign before anything else stands for itself: `$(date)`, `$1`
      parts.push('$');
      at = dollar + 1;
    }
  }
}

/** What is known of the line that a variable stands on; variables of one line share it. */
interface LineState {
  end: number;
  lastBrace: number;
  steps: number;
}

function parseBraced(
  text: string,
  dollar: number,
  line: LineState,
): { use: VariableUse; end: number } | undefined {
  nameForm.lastIndex = dollar + 2;
  const name = nameForm.exec(text)?.[0];
  if (name === undefined) {
    return undefined;
  }
  const afterName = dollar + 2 + name.length;
  if (text[afterName] === '}') {
    return { use: { name }, end: afterName + 1 };
  }
  operatorForm.lastIndex = afterName;
  const operator = operatorForm.exec(text)?.[0];
  if (operator === undefined) {
    return undefined;
  }
  if (dollar >= line.end) {
    const newline = text.indexOf('\n', dollar);
    line.end = newline === -1 ? text.length : newline;
    line.lastBrace = text.lastIndexOf('}', line.end);
  }
  if (line.lastBrace < afterName) {
    return undefined;
  }
  const close = closingBrace(text, dollar + 1, line);
  if (close === undefined) {
    return undefined;
  }
  const argument = text.slice(afterName + operator.length, close);
  return { use: { name, operator, argument }, end: close + 1 };
}

/**
 * The brace that closes the one at `open`. Where braces do not pair up, the last one of the line closes:
 * Compose lets `${A:-{}}` mean the default `{}`.
 */
function closingBrace(text: string, open: number, line: LineState): number | undefined {
  let depth = 0;
  for (let at = open; at <= line.lastBrace; at += 1) {
    line.steps += 1;
    const char = text[at];
    if (char === '}') {
      depth -= 1;
      if (depth === 0) {
        return at;
      }
    } else if (char === '{') {
      depth += 1;
      at += 1;
    }
  }
  return line.steps > mostBraceSteps ? undefined : line.lastBrace;
}

/** What expanding came to: the text, or the first failure. */
export type Expansion =
  | { readonly text: string; readonly failure?: undefined }
  | { readonly text?: undefined; readonly failure: TemplateFailure };

/**
 * Replaces the variables of `text`.
 *
 * @param onUnset - told the name of each variable that is not set and has no default.
 */
export function expandTemplate(
  text: string,
  lookup: VariableLookup,
  onUnset: (name: string) => void = () => undefined,
  depth = 0,
): Expansion {
  if (!text.includes('$')) {
    return { text };
  }
  if (depth > deepestNesting) {
    return { failure: { kind: 'invalid', offset: 0 } };
  }
  const { parts, invalidAt } = parseTemplate(text);
  let result = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      result += part;
      continue;
    }
    const expanded = expandUse(part.use, lookup, onUnset, depth);
    if (expanded.failure !== undefined) {
      return { failure: { ...expanded.failure, offset: part.offset } };
    }
    result += expanded.text;
  }
  return invalidAt === undefined
    ? { text: result }
    : { failure: { kind: 'invalid', offset: invalidAt } };
}

function expandUse(
  { name, operator, argument = '' }: VariableUse,
  lookup: VariableLookup,
  onUnset: (name: string) => void,
  depth: number,
): Expansion {
  const value = lookup(name);
  if (operator === undefined) {
    if (value === undefined) {
      onUnset(name);
    }
    return { text: value ?? '' };
  }
  const isSet = value !== undefined && (value !== '' || !operator.startsWith(':'));
  switch (operator.at(-1)) {
    case '-':
      return isSet ? { text: value } : expandTemplate(argument, lookup, onUnset, depth + 1);
    case '+':
      return isSet ? expandTemplate(argument, lookup, onUnset, depth + 1) : { text: value ?? '' };
    default: {
      if (isSet) {
        return { text: value };
      }
      const reason = expandTemplate(argument, lookup, onUnset, depth + 1);
      return reason.failure !== undefined
        ? reason
        : { failure: { kind: 'required', variable: name, reason: reason.text, offset: 0 } };
    }
  }
}

/** All variables that a template uses, those in defaults and alternatives included. */
export function variablesOf(text: string, depth = 0): VariableUse[] {
  if (!text.includes('$') || depth > deepestNesting) {
    return [];
  }
  return parseTemplate(text).parts.flatMap((part) =>
    typeof part === 'string'
      ? []
      : [part.use, ...variablesOf(isMessage(part.use) ? '' : (part.use.argument ?? ''), depth + 1)],
  );
}

function isMessage({ operator }: VariableUse): boolean {
  return operator?.endsWith('?') ?? false;
}
