/** `KEY=VALUE` texts of labels and driver options; one without a value has the empty one, as in Docker. */
export function keyValues(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text): [string, string] => {
      const at = text.indexOf('=');
      return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
