/** A part of a line: its text and its offsets there. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What Go's `unicode.IsSpace` and `\s` agree on for text of one line. */
export function isSpace(char: string): boolean {
  return /^[\t\n\v\f\r \u0085\u00a0]$/.test(char);
}

/** Words between white space, quotes not regarded: FROM, EXPOSE, the paths of COPY. */
export function plainWords(text: string, offset: number): Word[] {
  return Array.from(text.matchAll(/[^\t\n\f\r ]+/g), (match) => ({
    text: match[0],
    start: offset + match.index,
    end: offset + match.index + match[0].length,
  }));
}

/**
 * Words of ENV, LABEL and ARG: white space inside quotes, and behind the escape character, belongs to the word. Quotes and
 * escapes stay, for the expansion to read. A quote that is not closed goes on to the end of the line.
 */
export function quotedWords(text: string, offset: number, escapeChar: string): Word[] {
  const words: Word[] = [];
  let at = 0;
  while (at < text.length) {
    if (isSpace(text.charAt(at))) {
      at += 1;
      continue;
    }
    const start = at;
    let word = '';
    let quote = '';
    let wasQuoted = false;
    for (; at < text.length; at += 1) {
      const char = text.charAt(at);
      if (quote === '' && isSpace(char)) break;
      if (char === escapeChar && quote !== "'") {
        // At the very end there is nothing to escape.
        if (at + 1 === text.length) continue;
        word += char + text.charAt(at + 1);
        at += 1;
        continue;
      }
      if (quote === '' && (char === '"' || char === "'")) {
        quote = char;
        wasQuoted = true;
      } else if (char === quote) {
        quote = '';
      }
      word += char;
    }
    if (word !== '' || wasQuoted)
      words.push({ text: word, start: offset + start, end: offset + at });
  }
  return words;
}

/** What a text that starts like a JSON array turned out to be. */
export type JsonForm =
  | { readonly kind: 'list'; readonly words: readonly Word[] }
  | { readonly kind: 'not-strings' }
  | { readonly kind: 'no-json' };

/**
 * The JSON form, `["a", "b"]`. What is no JSON is the shell form (`[ -f x ] && y`); an array of something else than
 * strings is a mistake.
 */
export function jsonWords(text: string, offset: number): JsonForm {
  const start = text.length - text.trimStart().length;
  if (text.charAt(start) !== '[') return { kind: 'no-json' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not an error: it is a shell's test command.
    return { kind: 'no-json' };
  }
  if (!Array.isArray(value)) return { kind: 'no-json' };
  if (!value.every((word): word is string => typeof word === 'string')) {
    return { kind: 'not-strings' };
  }
  const places = Array.from(text.matchAll(/"(?:[^"\\]|\\.)*"/g));
  const words = value.map((word, index) => {
    const place = places[index];
    const at = offset + (place?.index ?? start);
    return { text: word, start: at, end: at + (place?.[0].length ?? 1) };
  });
  return { kind: 'list', words };
}
