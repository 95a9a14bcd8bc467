const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Docker's decimal sizes with three digits: `1.98MB`, `412kB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(3))}${units[unit]}`;
}
