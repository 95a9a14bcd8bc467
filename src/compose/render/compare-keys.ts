/**
 * The order in which go-yaml writes the keys of a map: letters after other characters, runs of digits by their
 * value, so that `web2` comes before `web10`.
 */
export function compareKeys(one: string, other: string): number {
  const a = [...one];
  const b = [...other];
  let afterDigit = false;
  for (let index = 0; index < a.length && index < b.length; index += 1) {
    const left = a[index] ?? '';
    const right = b[index] ?? '';
    if (left === right) {
      afterDigit = isDigit(left);
      continue;
    }
    const isLeftLetter = isLetter(left);
    const isRightLetter = isLetter(right);
    if (isLeftLetter && isRightLetter) {
      return left < right ? -1 : 1;
    }
    if (isLeftLetter || isRightLetter) {
      const leftFirst = afterDigit ? isLeftLetter : isRightLetter;
      return leftFirst ? -1 : 1;
    }
    return compareNumbers(a, b, index);
  }
  return a.length - b.length;
}

function compareNumbers(a: readonly string[], b: readonly string[], index: number): number {
  const isZero = a[index] === '0' || b[index] === '0';
  const prefix = isZero && followsNonZeroDigit(a, index) ? '1' : '0';
  const left = digitsFrom(a, index);
  const right = digitsFrom(b, index);
  const leftValue = Number(prefix + left);
  const rightValue = Number(prefix + right);
  if (leftValue !== rightValue) {
    return leftValue - rightValue;
  }
  if (left.length !== right.length) {
    return left.length - right.length;
  }
  return (a[index] ?? '') < (b[index] ?? '') ? -1 : 1;
}

/** A zero in the middle of a number has weight; a leading one has none. */
function followsNonZeroDigit(chars: readonly string[], index: number): boolean {
  for (let at = index - 1; at >= 0 && isDigit(chars[at] ?? ''); at -= 1) {
    if (chars[at] !== '0') {
      return true;
    }
  }
  return false;
}

function digitsFrom(chars: readonly string[], index: number): string {
  let digits = '';
  for (let at = index; at < chars.length && isDigit(chars[at] ?? ''); at += 1) {
    digits += chars[at];
  }
  return digits;
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9';
}

function isLetter(char: string): boolean {
  return (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || /^\p{L}$/u.test(char);
}
