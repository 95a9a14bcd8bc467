import type { AppError } from '../../core/index.ts';

type Fail = (why: string) => AppError;

/**
 * Words of an instruction, split at white space: single quotes keep everything, double quotes everything but a
 * backslash before `"` or `\`, a backslash outside quotes the next character.
 */
export function words(text: string, fail: Fail): string[] {
  const found: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    const next = text.charAt(at + 1);
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (quote === '"' && char === '\\' && (next === '"' || next === '\\')) {
        word += next;
        at += 1;
      } else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === '\\' && next !== '') {
      word = (word ?? '') + next;
      at += 1;
    } else if (/\s/.test(char)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== '') throw fail(`the ${quote} is not closed`);
  if (word !== undefined) found.push(word);
  return found;
}

/** `A=1 B="two words"`, or the old form `A everything after it`, for ENV and LABEL. */
export function keyValues(text: string, fail: Fail): [string, string][] {
  const [, first = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  if (!first.includes('=') && !/^["']/.test(first)) {
    if (rest === '') throw fail(`"${first}" has no value`);
    return [[first, rest]];
  }
  return words(text, fail).map((word) => {
    const equals = word.indexOf('=');
    if (equals < 1) throw fail(`"${word}" is not KEY=VALUE`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}
