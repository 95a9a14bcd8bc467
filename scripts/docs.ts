/**
 * Writes docs/errors.md from the table of error codes. `--check` writes nothing and fails where the file is
 * out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ErrorEntry, errorCodes } from '../src/core/index.ts';

const PATH = fileURLToPath(new URL('../docs/errors.md', import.meta.url));

const INTRODUCTION = `# Error codes

Every failure that Coracle reports has a code. It is printed with the message, stands in the JSON output, and is never
re-used. This page is made from \`src/core/error-codes/\` by \`npm run docs\`; a test keeps both in step.
`;

/** The whole of docs/errors.md for these codes: one section per code, by area and name. */
export function errorsPage(codes: Readonly<Record<string, ErrorEntry>>): string {
  const rows = Object.entries(codes).sort(byName);
  const areas = [...new Set(rows.map(([code]) => areaOf(code)))].map((area) =>
    [
      `## ${area}`,
      ...rows
        .filter(([code]) => areaOf(code) === area)
        .map(([code, entry]) => section(code, entry)),
    ].join('\n\n'),
  );
  return `${[INTRODUCTION.trimEnd(), ...areas].join('\n\n')}\n`;
}

function byName([a]: [string, ErrorEntry], [b]: [string, ErrorEntry]): number {
  return a < b ? -1 : 1;
}

function areaOf(code: string): string {
  return code.split('_')[0] ?? code;
}

function section(code: string, entry: ErrorEntry): string {
  return [
    `### ${code}`,
    entry.meaning,
    `**Usual causes:** ${entry.causes.join('; ')}.`,
    `**What to do:** ${entry.hint}`,
    `Exit code ${entry.exitCode ?? 1}, HTTP status ${entry.httpStatus ?? 500}.`,
  ].join('\n\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = errorsPage(errorCodes);
  if (!process.argv.includes('--check')) writeFileSync(PATH, page);
  else if (readFileSync(PATH, 'utf8') !== page) {
    console.error('docs/errors.md is out of date: run npm run docs');
    process.exitCode = 1;
  }
}
