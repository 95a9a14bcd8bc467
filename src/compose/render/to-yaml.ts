import { compareKeys } from './compare-keys.ts';
import { inlineScalar, stringScalar } from './yaml-scalar.ts';

/**
 * Which mappings have keys that the user chose: those are sorted, others keep the order of the model.
 * `true` for all of them from here down (an extension's value).
 */
export type KeyOrder = (path: readonly string[]) => boolean;

/** Writes plain data as YAML in blocks, two spaces a level, as Docker Compose does. */
export function toYaml(value: Readonly<Record<string, unknown>>, isUserKeyed: KeyOrder): string {
  return Object.keys(value).length === 0
    ? '{}\n'
    : `${mappingLines(value, '', [], isUserKeyed).join('\n')}\n`;
}

function mappingLines(
  value: Readonly<Record<string, unknown>>,
  indent: string,
  path: readonly string[],
  isUserKeyed: KeyOrder,
): string[] {
  const keys = Object.keys(value);
  if (isUserKeyed(path)) {
    keys.sort(compareKeys);
  }
  return keys.flatMap((key) => {
    const [first = '', ...rest] = valueLines(
      value[key],
      `${indent}  `,
      [...path, key],
      isUserKeyed,
    );
    return [`${indent}${inlineScalar(key)}:${first === '' ? '' : ` ${first}`}`, ...rest];
  });
}

/** First what stands behind the key's colon, then the lines below it. */
function valueLines(
  value: unknown,
  indent: string,
  path: readonly string[],
  isUserKeyed: KeyOrder,
): string[] {
  if (Array.isArray(value)) {
    return value.length === 0
      ? ['[]']
      : ['', ...value.flatMap((item) => itemLines(item, indent, path, isUserKeyed))];
  }
  if (typeof value === 'object' && value !== null) {
    const map = value as Record<string, unknown>;
    return Object.keys(map).length === 0
      ? ['{}']
      : ['', ...mappingLines(map, indent, path, isUserKeyed)];
  }
  return [scalar(value, indent)];
}

function itemLines(
  item: unknown,
  indent: string,
  path: readonly string[],
  isUserKeyed: KeyOrder,
): string[] {
  const [first = '', ...below] = valueLines(item, `${indent}  `, [...path, '-'], isUserKeyed);
  if (first !== '') {
    return [`${indent}- ${first}`, ...below];
  }
  // a mapping or list starts on the line of the dash
  const [start = '', ...rest] = below;
  return [`${indent}- ${start.slice(indent.length + 2)}`, ...rest];
}

function scalar(value: unknown, indent: string): string {
  if (typeof value === 'string') {
    return stringScalar(value, indent);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
  }
  return String(value ?? null);
}
