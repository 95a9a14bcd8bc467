/** `<<EOF` as it stands in a line, its content still to come. */
export interface HeredocStart {
  readonly name: string;
  readonly chomp: boolean;
  readonly expand: boolean;
  /** Offsets in the line. */
  readonly start: number;
  readonly end: number;
}

const pattern = /^(\d*)<<(-?)([^<]*)$/;

/** The heredocs that a line opens, in their order: words that are `<<NAME`, `<<-NAME` or `3<<"NAME"`. */
export function heredocsOf(line: string, escapeChar: string): HeredocStart[] {
  const found: HeredocStart[] = [];
  for (const { text, start } of shellWords(line, escapeChar)) {
    const [, , dash, rest = ''] = pattern.exec(text) ?? [];
    if (rest === '') continue;
    const name = unquoted(rest, escapeChar);
    if (name === undefined || name === '') continue;
    found.push({
      name,
      chomp: dash === '-',
      expand: name === rest,
      start,
      end: start + text.length,
    });
  }
  return found;
}

/** The text of a heredoc without the leading tabs that `<<-` takes away. */
export function chompContent(content: string): string {
  return content.replace(/^\t+/gm, '');
}

function* shellWords(line: string, escapeChar: string) {
  let start = -1;
  let quote = '';
  for (let at = 0; at <= line.length; at += 1) {
    const char = line.charAt(at);
    const ends = at === line.length || (quote === '' && /\s/.test(char));
    if (ends) {
      if (start >= 0) yield { text: line.slice(start, at), start };
      start = -1;
      continue;
    }
    if (start < 0) start = at;
    if (char === escapeChar && quote !== "'") at += 1;
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = '';
  }
}

function unquoted(text: string, escapeChar: string): string | undefined {
  let name = '';
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === escapeChar && quote !== "'" && at + 1 < text.length) {
      at += 1;
      name += text.charAt(at);
    } else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = '';
    else name += char;
  }
  return quote === '' ? name : undefined;
}
