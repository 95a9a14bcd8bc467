import type { ScalarValue } from './node.ts';

const floatForm = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const octalForm = /^[-+]?0[0-7]+$/;
const prefixedForm = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+)$/;
const decimalForm = /^[-+]?(0|[1-9][0-9]*)$/;

const words: Readonly<Record<string, ScalarValue>> = {
  '': null,
  '~': null,
  null: null,
  Null: null,
  NULL: null,
  true: true,
  True: true,
  TRUE: true,
  false: false,
  False: false,
  FALSE: false,
};

/** What an unquoted scalar means. */
export interface ResolvedScalar {
  readonly value: ScalarValue;
  readonly float?: boolean;
}

/**
 * The value of an unquoted scalar by the rules that Compose files live by: YAML 1.2 words (`yes` and `on`
 * are strings), YAML 1.1 numbers (`0644` is octal, `1_000` a thousand).
 */
export function resolvePlainScalar(text: string): ResolvedScalar {
  const first = text.charCodeAt(0);
  const maybeNumber =
    (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46; /* 0-9 + - . */
  if (maybeNumber) {
    return resolveNumber(text) ?? { value: text };
  }
  if (text.length <= 5 && Object.hasOwn(words, text)) {
    return { value: words[text] as ScalarValue };
  }
  return { value: text };
}

function resolveNumber(text: string): ResolvedScalar | undefined {
  const plain = text.includes('_') ? text.replaceAll('_', '') : text;
  if (decimalForm.test(plain)) {
    const value = Number(plain);
    // Go has 64 bits for it; as a text it keeps all its digits
    return Number.isSafeInteger(value) ? { value } : { value: plain };
  }
  if (octalForm.test(plain)) {
    return { value: Number.parseInt(plain, 8) };
  }
  const prefixed = prefixedForm.exec(plain);
  if (prefixed !== null) {
    const value = Number(prefixed[2]);
    return { value: prefixed[1] === '-' ? -value : value };
  }
  if (floatForm.test(plain)) {
    const value = Number(plain);
    return Number.isFinite(value) ? { value, float: true } : { value: text };
  }
  switch (text.toLowerCase()) {
    case '.inf':
    case '+.inf':
      return { value: Number.POSITIVE_INFINITY, float: true };
    case '-.inf':
      return { value: Number.NEGATIVE_INFINITY, float: true };
    case '.nan':
      return { value: Number.NaN, float: true };
    default:
      return undefined;
  }
}
