import type { Summary } from './statistics.ts';

/** One measured thing of one contestant. */
export interface Row extends Summary {
  readonly name: string;
  readonly column: string;
}

/** Prints milliseconds as `median (min–max)`, a column per contestant, and what part of the first the others are. */
export function printTable(rows: readonly Row[], contestants: readonly string[]): void {
  const node = rows.find((row) => row.column === 'node');
  if (node !== undefined) console.log(`\nbare node: ${cell(node)} ms`);
  const [own = '', ...others] = contestants;
  const lines = [
    [
      'ms, median (min–max)',
      own,
      '× bare node',
      ...others.flatMap((name) => [name, `${own} / ${name}`]),
    ],
  ];
  for (const row of rows.filter(({ column }) => column === own)) {
    const beside = others.flatMap((name) => {
      const other = rows.find(
        (candidate) => candidate.name === row.name && candidate.column === name,
      );
      return other === undefined ? ['', ''] : [cell(other), ratio(row, other)];
    });
    lines.push([row.name, cell(row), node === undefined ? '' : ratio(row, node), ...beside]);
  }
  const widths = (lines[0] ?? []).map((_, index) =>
    Math.max(...lines.map((line) => (line[index] ?? '').length)),
  );
  console.log();
  for (const line of lines) {
    console.log(
      line
        .map((text, index) => text.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

function cell({ median, min, max }: Summary): string {
  return `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`;
}

function ratio(one: Summary, other: Summary): string {
  return (one.median / other.median).toFixed(2);
}
