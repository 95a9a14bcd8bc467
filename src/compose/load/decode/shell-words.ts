/** Splits a command written as one string the way Compose does: shell quoting, and no shell. */

export type ShellWords =
  | {
      readonly words: readonly string[];
      /** Offset of an operator such as `&&` or `>`; Compose leaves out all from there on. */
      readonly cutAt?: number;
      readonly problem?: undefined;
    }
  | { readonly words?: undefined; readonly problem: string };

const operators = new Set([';', '&', '|', '<', '>']);

export function splitShellWords(line: string): ShellWords {
  const words: string[] = [];
  let word = '';
  let hasWord = false;
  let escaped = false;
  let quote: '"' | "'" | undefined;
  let backQuoted = false;
  let inParentheses = false;
  const finish = (cutAt?: number): ShellWords => {
    if (hasWord) {
      words.push(word);
    }
    if (escaped || quote !== undefined || backQuoted || inParentheses) {
      return { problem: escaped ? 'ends with a backslash' : 'has a quote that is not closed' };
    }
    return cutAt === undefined ? { words } : { words, cutAt };
  };
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? '';
    if (escaped) {
      word += char;
      escaped = false;
      hasWord = true;
      continue;
    }
    if (char === '\\') {
      if (quote === "'") {
        word += char;
      } else {
        escaped = true;
      }
      continue;
    }
    const isOpen = quote !== undefined || backQuoted || inParentheses;
    if (/[ \t\r\n]/.test(char)) {
      if (isOpen) {
        word += char;
      } else if (hasWord) {
        words.push(word);
        word = '';
        hasWord = false;
      }
      continue;
    }
    if (char === '"' && quote !== "'" && !inParentheses) {
      hasWord ||= quote === '"';
      quote = quote === '"' ? undefined : '"';
      continue;
    }
    if (char === "'" && quote !== '"' && !inParentheses) {
      hasWord ||= quote === "'";
      quote = quote === "'" ? undefined : "'";
      continue;
    }
    if (char === '`' && quote === undefined && !inParentheses) {
      backQuoted = !backQuoted;
    } else if (char === ')' && quote === undefined && !backQuoted) {
      inParentheses = !inParentheses;
    } else if (char === '(' && quote === undefined && !backQuoted) {
      if (inParentheses || !word.endsWith('$')) {
        return { problem: 'has a parenthesis that only a shell understands' };
      }
      inParentheses = true;
      word += char;
      continue;
    } else if (operators.has(char) && !isOpen) {
      if (char === '>' && /^[0-9]/.test(word)) {
        hasWord = false;
      }
      return finish(at);
    }
    word += char;
    hasWord = true;
  }
  return finish();
}
