import { goJson } from '../text/go-json.ts';
import { printValue } from './print-value.ts';
import { formatDirectives } from './printf.ts';
import { TemplateError } from './template-error.ts';

type TemplateFunction = (...values: readonly unknown[]) => unknown;

/** Go's built-in functions and those that Docker adds for `--format`. `and` and `or` are the evaluator's: they stop early. */
export const templateFunctions: Readonly<Record<string, TemplateFunction>> = {
  json: (value) => goJson(value),
  join: (list, separator) => asList(list, 'join').map(printValue).join(printValue(separator)),
  split: (text, separator) => asText(text, 'split').split(printValue(separator)),
  lower: (text) => asText(text, 'lower').toLowerCase(),
  upper: (text) => asText(text, 'upper').toUpperCase(),
  title: (text) =>
    asText(text, 'title').replace(/(?<![\p{L}\p{N}_'])\p{Ll}/gu, (c) => c.toUpperCase()),
  pad: (text, before, after) =>
    text === '' ? '' : ' '.repeat(Number(before)) + asText(text, 'pad') + ' '.repeat(Number(after)),
  truncate: (text, length) => asText(text, 'truncate').slice(0, Number(length)),
  len: (value) => lengthOf(value),
  index: (value, ...keys) => keys.reduce(indexOf, value),
  slice: (value, from = 0, to = undefined) => sliceOf(value, Number(from), to),
  print: (...values) => printSpaced(values),
  println: (...values) => `${values.map(printValue).join(' ')}\n`,
  printf: (format, ...values) => formatDirectives(asText(format, 'printf'), values),
  not: (value) => !isTrue(value),
  eq: (first, ...others) => others.some((other) => isEqual(first, other)),
  ne: (a, b) => !isEqual(a, b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  urlquery: (...values) => encodeURIComponent(printSpaced(values)).replaceAll('%20', '+'),
  html: (...values) =>
    printSpaced(values).replace(/[&<>'"]/g, (char) => `&#${char.charCodeAt(0)};`),
};

/** What Go takes for true: not zero, not empty. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

function asText(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new TemplateError(
    `error calling ${name}: wrong type for value; expected string; got ${typeName(value)}`,
  );
}

function asList(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value === null || value === undefined) return [];
  throw new TemplateError(
    `error calling ${name}: wrong type for value; expected a list; got ${typeName(value)}`,
  );
}

/** The name that messages give a value's type. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' ? 'map' : typeof value;
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  throw new TemplateError(`error calling len: len of type ${typeName(value)}`);
}

function indexOf(value: unknown, key: unknown): unknown {
  if (Array.isArray(value) || typeof value === 'string') {
    const at = Number(key);
    if (!Number.isInteger(at) || at < 0 || at >= value.length) {
      throw new TemplateError(`error calling index: index out of range: ${printValue(key)}`);
    }
    return typeof value === 'string' ? value.charCodeAt(at) : value[at];
  }
  if (typeof value === 'object' && value !== null) {
    // A key that a map lacks gives its type's zero value; of ours nearly all hold texts.
    const name = printValue(key);
    return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : '';
  }
  if (value === null || value === undefined || value === '') {
    throw new TemplateError('error calling index: index of untyped nil');
  }
  throw new TemplateError(`error calling index: can't index item of type ${typeName(value)}`);
}

function sliceOf(value: unknown, from: number, to: unknown): unknown {
  if (typeof value !== 'string' && !Array.isArray(value)) {
    throw new TemplateError(`error calling slice: can't slice item of type ${typeName(value)}`);
  }
  const end = to === undefined ? value.length : Number(to);
  if (!(from >= 0 && from <= end && end <= value.length)) {
    throw new TemplateError(`error calling slice: index out of range: ${Math.max(from, end)}`);
  }
  return value.slice(from, end);
}

/** `print` puts a blank between two operands when neither is a text. */
function printSpaced(values: readonly unknown[]): string {
  return values
    .map((value, index) => {
      const before = values[index - 1];
      const blank = index > 0 && typeof value !== 'string' && typeof before !== 'string';
      return (blank ? ' ' : '') + printValue(value);
    })
    .join('');
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a !== null && b !== null && a !== undefined && b !== undefined && typeof a !== typeof b) {
    throw new TemplateError('error calling eq: incompatible types for comparison');
  }
  return (a ?? null) === (b ?? null);
}

function compare(a: unknown, b: unknown): number {
  const comparable = ['number', 'string'].includes(typeof a) && typeof a === typeof b;
  if (!comparable) throw new TemplateError('error calling lt: incompatible types for comparison');
  const [left, right] = [a as string | number, b as string | number];
  return left < right ? -1 : left > right ? 1 : 0;
}
