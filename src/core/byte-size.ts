/** Byte sizes as Docker reads them: `512m`, `1.5GiB`, `64k`; always powers of 1024. */

const factor: Readonly<Record<string, number>> = {
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  p: 1024 ** 5,
};

const size = /^(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+) ?(?:b|([kmgtp])(?:i?b)?)?$/i;

/**
 * Number of bytes that a size such as `512m` or `1 GiB` means.
 *
 * @returns `undefined` where the text is no size, or is negative.
 */
export function parseByteSize(text: string): number | undefined {
  const match = size.exec(text);
  if (match === null) {
    return undefined;
  }
  const unit = match[2]?.toLowerCase();
  return Math.trunc(Number(match[1]) * (unit === undefined ? 1 : (factor[unit] ?? 1)));
}
