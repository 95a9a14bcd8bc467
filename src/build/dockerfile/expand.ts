/**
 * Variables in the words of a Dockerfile: `$NAME`, `${NAME:-default}` and the other forms of a POSIX shell, quotes and
 * escapes.
 *
 * @see Dockerfile reference, "Environment replacement"
 */

/** What words are expanded with. */
export interface Expansion {
  readonly env: ReadonlyMap<string, string>;
  readonly escapeChar: string;
  /** Heredocs: quotes are ordinary characters there. */
  readonly keepQuotes?: boolean;
}

/** Why a word cannot be expanded; the caller knows the place. */
export class ExpansionError extends Error {
  override readonly name = 'ExpansionError';
}

/** The word with its variables replaced, its quotes and escapes taken away. @throws {ExpansionError} */
export function expandWord(word: string, expansion: Expansion): string {
  return new Expander(word, expansion).all().text;
}

/**
 * The same where several words may come of it: white space that stands outside quotes, also what a variable brings, separates.
 * @throws {ExpansionError}
 */
export function expandWords(text: string, expansion: Expansion): string[] {
  return new Expander(text, expansion).all().words();
}

/** Text that remembers which of its characters were quoted. */
class Result {
  text = '';
  readonly #words: string[] = [];
  #word: string | undefined;

  /** Characters that belong to a word whatever they are. */
  literal(text: string): void {
    this.text += text;
    this.#word = (this.#word ?? '') + text;
  }

  /** Characters of which white space separates words. */
  split(text: string): void {
    this.text += text;
    for (const char of text) {
      if (!/\s/.test(char)) this.#word = (this.#word ?? '') + char;
      else this.#end();
    }
  }

  words(): string[] {
    this.#end();
    return this.#words;
  }

  #end(): void {
    if (this.#word !== undefined) this.#words.push(this.#word);
    this.#word = undefined;
  }
}

class Expander {
  readonly #source: string;
  readonly #expansion: Expansion;
  #at = 0;

  constructor(source: string, expansion: Expansion) {
    this.#source = source;
    this.#expansion = expansion;
  }

  all(): Result {
    return this.#until('');
  }

  /** Up to an unquoted `stop`, which is taken, too; to the end where it is empty. */
  #until(stop: string): Result {
    const { escapeChar, keepQuotes } = this.#expansion;
    const result = new Result();
    while (this.#at < this.#source.length) {
      const char = this.#source.charAt(this.#at);
      if (char === stop) {
        this.#at += 1;
        return result;
      }
      if (char === "'" && !keepQuotes) result.literal(this.#singleQuoted());
      else if (char === '"' && !keepQuotes) result.literal(this.#doubleQuoted());
      else if (char === '$') result.split(this.#dollar());
      else if (char === escapeChar) {
        const next = this.#source.charAt(this.#at + 1);
        this.#at += 2;
        // In a heredoc only what would mean something else is escaped.
        result.literal(keepQuotes && next !== '$' && next !== escapeChar ? char + next : next);
      } else {
        this.#at += 1;
        result.split(char);
      }
    }
    if (stop !== '') throw new ExpansionError(`"${stop}" is missing in "${this.#source}"`);
    return result;
  }

  #singleQuoted(): string {
    const end = this.#source.indexOf("'", this.#at + 1);
    if (end < 0) throw new ExpansionError(`the ' is not closed in "${this.#source}"`);
    const text = this.#source.slice(this.#at + 1, end);
    this.#at = end + 1;
    return text;
  }

  #doubleQuoted(): string {
    const { escapeChar } = this.#expansion;
    let text = '';
    this.#at += 1;
    while (this.#at < this.#source.length) {
      const char = this.#source.charAt(this.#at);
      if (char === '"') {
        this.#at += 1;
        return text;
      }
      if (char === '$') {
        text += this.#dollar();
        continue;
      }
      this.#at += 1;
      if (char !== escapeChar) {
        text += char;
        continue;
      }
      const next = this.#source.charAt(this.#at);
      if (next === '') break;
      text += next === '"' || next === '$' || next === escapeChar ? next : char + next;
      this.#at += 1;
    }
    throw new ExpansionError(`the " is not closed in "${this.#source}"`);
  }

  #dollar(): string {
    this.#at += 1;
    if (this.#source.charAt(this.#at) === '{') return this.#braced();
    const name = this.#name();
    // A lone dollar sign is one.
    return name === '' ? '$' : (this.#expansion.env.get(name) ?? '');
  }

  /** Letters and digits, or only digits, or one of the shell's special characters. */
  #name(): string {
    const rest = this.#source.slice(this.#at);
    const [name = ''] = /^(?:[A-Za-z_]\w*|\d+|[@*#?\-$!])/.exec(rest) ?? [];
    this.#at += name.length;
    return name;
  }

  #braced(): string {
    const { env } = this.#expansion;
    this.#at += 1;
    const name = this.#name();
    if (name === '') throw new ExpansionError(`bad substitution in "${this.#source}"`);
    const value = env.get(name);
    const operator = this.#operator();
    switch (operator) {
      case '}':
        return value ?? '';
      case ':-':
      case '-': {
        const word = this.#until('}').text;
        return isGiven(value, operator) ? value : word;
      }
      case ':+':
      case '+': {
        const word = this.#until('}').text;
        return isGiven(value, operator) ? word : '';
      }
      case ':?':
      case '?': {
        const word = this.#until('}').text;
        if (isGiven(value, operator)) return value;
        throw new ExpansionError(`${name}: ${word || 'is not allowed to be unset'}`);
      }
      case '#':
      case '##':
        return trimStart(value ?? '', this.#until('}').text, operator === '##');
      case '%':
      case '%%':
        return trimEnd(value ?? '', this.#until('}').text, operator === '%%');
      case '/':
      case '//': {
        const pattern = this.#until('/').text;
        const replacement = this.#until('}').text;
        const found = new RegExp(globSource(pattern, true), operator === '//' ? 'gs' : 's');
        return (value ?? '').replace(found, () => replacement);
      }
      default:
        throw new ExpansionError(`unsupported modifier in substitution "${this.#source}"`);
    }
  }

  #operator(): string {
    const rest = this.#source.slice(this.#at);
    const [operator = ''] = /^(?:\}|:?[-+?]|##?|%%?|\/\/?)/.exec(rest) ?? [];
    if (operator === '' && !rest.includes('}')) {
      throw new ExpansionError(`"}" is missing in "${this.#source}"`);
    }
    this.#at += operator.length;
    return operator;
  }
}

function isGiven(value: string | undefined, operator: string): value is string {
  return value !== undefined && (!operator.startsWith(':') || value !== '');
}

function trimStart(value: string, pattern: string, longest: boolean): string {
  return value.replace(new RegExp(`^(?:${globSource(pattern, longest)})`, 's'), '');
}

/** A regular expression finds the leftmost match, so that the shortest tail is looked for from the end. */
function trimEnd(value: string, pattern: string, longest: boolean): string {
  const whole = new RegExp(`^(?:${globSource(pattern, true)})$`, 's');
  const starts = Array.from({ length: value.length + 1 }, (_, index) => index);
  if (!longest) starts.reverse();
  const start = starts.find((index) => whole.test(value.slice(index)));
  return start === undefined ? value : value.slice(0, start);
}

function globSource(pattern: string, greedy: boolean): string {
  return pattern.replace(/\\?[\s\S]/g, (part) => {
    if (part === '*') return greedy ? '.*' : '.*?';
    if (part === '?') return '.';
    return part.replace(/^\\(?=.)/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
}
