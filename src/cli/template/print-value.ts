/** Prints a value as Go's `fmt` does with `%v`: `[a b]`, `map[k:v]` with sorted keys, `{v1 v2}` for a struct. */
export function printValue(value: unknown): string {
  return print(value, '<no value>');
}

function print(value: unknown, nothing: string): string {
  if (value === undefined || value === null) return nothing;
  if (Array.isArray(value)) return `[${value.map((item) => print(item, '<nil>')).join(' ')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value);
    if (isStruct(entries)) return `{${entries.map(([, item]) => print(item, '<nil>')).join(' ')}}`;
    return `map[${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${key}:${print(item, '<nil>')}`)
      .join(' ')}]`;
  }
  return String(value);
}

/** Docker's structs come as JSON with upper-case names; maps have whatever keys the user chose. */
function isStruct(entries: readonly [string, unknown][]): boolean {
  return entries.length > 0 && entries.every(([key]) => /^[A-Z][A-Za-z0-9]*$/.test(key));
}
