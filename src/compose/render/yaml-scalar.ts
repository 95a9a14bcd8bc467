/** Scalars as go-yaml writes them: plain where that reads back the same, else quoted, or a literal block. */
import { resolvePlainScalar } from '../load/index.ts';

const oldBoolean = /^(y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/;
const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const timestamp =
  /^\d{4}-\d{1,2}-\d{1,2}(?:$|(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?[ \t]*(?:Z|[-+]\d{1,2}(?::?\d{2})?)?$)/;

const simpleWord = /^[A-Za-z_/][A-Za-z0-9_/.-]*$/;

/** What a text has in it that some style cannot show. */
interface ScalarAnalysis {
  readonly plain: boolean;
  readonly single: boolean;
  readonly block: boolean;
}

const blockIndicators = new Set([...'#,[]{}&*!|>\'"%@`']);

function analyze(text: string): ScalarAnalysis {
  const chars = [...text];
  const last = chars.length - 1;
  let indicators = text.startsWith('---') || text.startsWith('...');
  let hasBreak = false;
  let special = false;
  let tab = false;
  let breakSpace = false;
  let spaceBreak = false;
  chars.forEach((char, index) => {
    const before = chars[index - 1];
    const isFollowedByBlank = index === last || isBlank(chars[index + 1]);
    if (index === 0) {
      indicators ||= blockIndicators.has(char) || (/[?:-]/.test(char) && isFollowedByBlank);
    } else {
      indicators ||= (char === ':' && isFollowedByBlank) || (char === '#' && isBlank(before));
    }
    tab ||= char === '\t';
    special ||= char !== '\t' && !isPrintable(char);
    hasBreak ||= isBreak(char);
    breakSpace ||= char === ' ' && isBreak(before);
    spaceBreak ||= isBreak(char) && before === ' ';
  });
  const first = chars[0];
  const end = chars[last];
  const isPadded = first === ' ' || isBreak(first) || end === ' ' || isBreak(end);
  const single = !breakSpace && !spaceBreak && !tab && !special;
  return {
    plain: text !== '' && !indicators && !hasBreak && !isPadded && single,
    single,
    block: end !== ' ' && !spaceBreak && !special,
  };
}

function isBreak(char: string | undefined): boolean {
  return char !== undefined && /[\r\n\u0085\u2028\u2029]/.test(char);
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t' || isBreak(char);
}

/** Printable for go-yaml: text of the basic plane without control characters. */
function isPrintable(char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  return (
    code === 0x0a ||
    (code >= 0x20 && code <= 0x7e) ||
    (code >= 0xa0 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd && code !== 0xfeff)
  );
}

/** True where the plain text would be read as something else than a string. */
function resolvesElsewhere(text: string): boolean {
  return (
    typeof resolvePlainScalar(text).value !== 'string' ||
    oldBoolean.test(text) ||
    base60.test(text) ||
    timestamp.test(text)
  );
}

/** A string on one line: a value or a key. */
export function inlineScalar(text: string): string {
  // most texts are words: spare them the analysis
  if (simpleWord.test(text) && !resolvesElsewhere(text)) {
    return text;
  }
  const { plain, single } = analyze(text);
  if (resolvesElsewhere(text) || text.includes('\n')) {
    return doubleQuoted(text);
  }
  if (plain) {
    return text;
  }
  return single ? `'${text.replaceAll("'", "''")}'` : doubleQuoted(text);
}

/** A string as a value whose lines are indented by `indent`. */
export function stringScalar(text: string, indent: string): string {
  if (!text.includes('\n') || !analyze(text).block) {
    return inlineScalar(text);
  }
  const hint = text.startsWith(' ') || isBreak(text[0]) ? '2' : '';
  const chomp = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : '';
  const body = text.endsWith('\n') ? text.slice(0, -1) : text;
  const lines = body.split('\n').map((line) => (line === '' ? '' : `${indent}${line}`));
  return `|${hint}${chomp}\n${lines.join('\n')}`;
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\u001b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u00a0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function doubleQuoted(text: string): string {
  let quoted = '';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    quoted +=
      escapes[char] ??
      (isPrintable(char)
        ? char
        : code <= 0xff
          ? `\\x${hex(code, 2)}`
          : code <= 0xffff
            ? `\\u${hex(code, 4)}`
            : `\\U${hex(code, 8)}`);
  }
  return `"${quoted}"`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).toUpperCase().padStart(digits, '0');
}
