import {
  type Diagnostic,
  formatPlace,
  type RelatedPlace,
  type SourceRange,
} from './diagnostics.ts';

/** How findings are shown. */
export interface DiagnosticStyle {
  /** Text of a file that a finding names, for the excerpt; `undefined` leaves the excerpt out. */
  readonly textOf: (file: string) => string | undefined;
  /** Folder that file names are shown relative to. */
  readonly shortenFile: (file: string) => string;
  /** Colours; the identity where there are none. */
  readonly paint?: {
    readonly red: (text: string) => string;
    readonly yellow: (text: string) => string;
    readonly dim: (text: string) => string;
    readonly bold: (text: string) => string;
  };
}

const noPaint = {
  red: (text: string) => text,
  yellow: (text: string) => text,
  dim: (text: string) => text,
  bold: (text: string) => text,
};

/** Widest excerpt of a line; what is cut off is marked with `…`. */
const excerptWidth = 100;

/**
 * A finding as a person reads it:
 *
 * ```
 * compose.yaml:4:5: error: unknown key `prots` in services.web
 *   4 |     prots: ["80:80"]
 *     |     ^^^^^
 *   hint: Did you mean "ports"?
 * ```
 */
export function renderDiagnostic(diagnostic: Diagnostic, style: DiagnosticStyle): string {
  const { severity, message, range, related = [], hint } = diagnostic;
  const { paint = noPaint } = style;
  const word = severity === 'error' ? paint.red('error:') : paint.yellow('warning:');
  const place = range === undefined ? '' : `${placeText(range, style)}: `;
  const lines = [`${place}${word} ${paint.bold(message)}`];
  if (range !== undefined) {
    lines.push(...excerpt(range, style));
  }
  for (const one of related) {
    lines.push(...relatedLines(one, range, style));
  }
  if (hint !== undefined && hint !== '') {
    lines.push(`  hint: ${hint}`);
  }
  return `${lines.join('\n')}\n`;
}

function placeText(range: SourceRange, { shortenFile }: DiagnosticStyle): string {
  return formatPlace({ ...range, file: shortenFile(range.file) });
}

function relatedLines(
  { message, range }: RelatedPlace,
  main: SourceRange | undefined,
  style: DiagnosticStyle,
): string[] {
  const isNear = main?.file === range.file && main.start.line === range.start.line;
  return [`  ${placeText(range, style)}: ${message}`, ...(isNear ? [] : excerpt(range, style))];
}

function excerpt({ file, start, end }: SourceRange, style: DiagnosticStyle): string[] {
  const { paint = noPaint } = style;
  const text = style.textOf(file)?.split('\n')[start.line - 1]?.replace(/\r$/, '');
  if (text === undefined || text.trim() === '') {
    return [];
  }
  const number = String(start.line);
  const lastColumn = end.line === start.line ? end.column : text.length + 1;
  const first = Math.max(0, start.column - 1 - Math.floor(excerptWidth / 2));
  const shown = text.slice(first, first + excerptWidth);
  const isCut = first + excerptWidth < text.length;
  const caretWidth = Math.max(
    1,
    Math.min(lastColumn - start.column, first + shown.length - start.column + 1),
  );
  // tabs stay tabs, so that the caret stands where the terminal shows the character
  const before = text.slice(first, start.column - 1).replace(/[^\t]/g, ' ');
  const lead = first > 0 ? '…' : '';
  const gutter = ' '.repeat(number.length);
  return [
    `  ${paint.dim(`${number} |`)} ${lead}${shown}${isCut ? '…' : ''}`,
    `  ${paint.dim(`${gutter} |`)} ${' '.repeat(lead.length)}${before}${paint.red('^'.repeat(caretWidth))}`,
  ];
}
