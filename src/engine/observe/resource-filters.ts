/** True where every wanted label (`key` or `key=value`) is there. */
export function labelsMatch(
  labels: Readonly<Record<string, string>>,
  wanted: readonly string[],
): boolean {
  return wanted.every((text) => {
    const end = text.indexOf('=');
    if (end < 0) return text in labels;
    return labels[text.slice(0, end)] === text.slice(end + 1);
  });
}

/** True where the name contains one of the texts, as in Docker. */
export function nameMatches(name: string, wanted: readonly string[]): boolean {
  return wanted.some((text) => name.includes(text));
}
