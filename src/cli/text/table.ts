/**
 * Columns as Docker's tables have them: padded to the widest cell, three spaces between, the last column padded too.
 * @param minimum  least width of a column with its gap (20 in Docker's `ls` and `images`).
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  minimum = 10,
): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(minimum - 3, ...all.map((row) => displayWidth(row[column] ?? ''))),
  );
  const last = header.length - 1;
  return all
    .map((row) => {
      const cells = row.map((cell, column) =>
        column === last ? cell : cell + ' '.repeat((widths[column] ?? 0) - displayWidth(cell) + 3),
      );
      return `${cells.join('')}\n`;
    })
    .join('');
}

/** Columns that a text takes; combining and wide characters do not occur in names, ids and numbers. */
function displayWidth(text: string): number {
  return [...text].length;
}
