import type { Word } from './words.ts';
import { isSpace } from './words.ts';

/**
 * Takes the flags from the front of an instruction's arguments. `--` alone ends them and goes away; a quote or the escape
 * character keeps white space inside a flag and goes away, too.
 * @returns the flags, and the offset at which the rest starts.
 */
export function leadingFlags(
  text: string,
  offset: number,
  escapeChar: string,
): { readonly flags: readonly Word[]; readonly rest: number } {
  const flags: Word[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace(text.charAt(at))) at += 1;
    if (!text.startsWith('--', at)) return { flags, rest: offset + at };
    const start = at;
    let word = '';
    let quote = '';
    for (; at < text.length; at += 1) {
      const char = text.charAt(at);
      if (quote === '' && isSpace(char)) break;
      if (char === escapeChar && at + 1 < text.length) {
        at += 1;
        word += text.charAt(at);
      } else if (quote === '' && (char === '"' || char === "'")) {
        quote = char;
      } else if (char === quote) {
        quote = '';
      } else {
        word += char;
      }
    }
    if (word === '--') {
      while (at < text.length && isSpace(text.charAt(at))) at += 1;
      return { flags, rest: offset + at };
    }
    flags.push({ text: word, start: offset + start, end: offset + at });
  }
}
