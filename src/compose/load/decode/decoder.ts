/**
 * The means to write down what a canonical tree becomes: one decoder a type, combined into shapes.
 *
 * A decoder answers `undefined` for a value that means the same as its absence, and such a key is left out, as
 * Compose does; what it cannot read it reports.
 */
import {
  type ErrorCode,
  formatGoDuration,
  parseByteSize,
  parseGoDuration,
} from '../../../core/index.ts';
import type { Findings } from '../findings.ts';
import { printScalar, shortestFloat32 } from '../go-print.ts';
import { castText } from '../interpolate/casts.ts';
import { type PathLink, pathText } from '../path-link.ts';
import { isNull, mapAt, type Node, type ScalarNode, toPlain } from '../yaml/node.ts';

export interface DecodeContext {
  readonly findings: Findings;
  /** Where the value stands. */
  readonly path: PathLink | undefined;
}

/** Reads one value; `undefined` in where the key is absent, `undefined` out to leave the key out. */
export type Decoder = (node: Node | undefined, context: DecodeContext) => unknown;

export function fail(
  { findings, path }: DecodeContext,
  node: Node,
  problem: string,
  code: ErrorCode = 'COMPOSE_TYPE_MISMATCH',
): undefined {
  const space = problem.startsWith(':') ? '' : ' ';
  findings.error(code, `${pathText(path)}${space}${problem}`, node);
  return undefined;
}

/** The scalar that `node` is; other kinds and null are reported and absent respectively. */
function scalar(node: Node | undefined, context: DecodeContext): ScalarNode | undefined {
  if (node === undefined || isNull(node)) {
    return undefined;
  }
  return node.kind === 'scalar' ? node : fail(context, node, 'must be a single value');
}

function at(context: DecodeContext, key: string | number): DecodeContext {
  return { findings: context.findings, path: { key, above: context.path } };
}

/** Text; empty is the same as absent. */
export const text: Decoder = (node, context) => {
  const value = scalar(node, context);
  if (value === undefined || value.value === '') {
    return undefined;
  }
  return typeof value.value === 'boolean'
    ? fail(context, value, 'must be a string')
    : printScalar(value.value, value.float);
};

/** A boolean of which false is worth telling. */
export const optionalFlag: Decoder = (node, context) => {
  const value = scalar(node, context);
  if (value === undefined || typeof value.value === 'boolean') {
    return value?.value;
  }
  const cast = typeof value.value === 'string' ? castText(value.value, 'boolean') : undefined;
  return cast ?? fail(context, value, `must be a boolean, got "${value.value}"`);
};

/** A boolean; false is the same as absent. */
export const flag: Decoder = (node, context) => optionalFlag(node, context) || undefined;

/** An integer of which 0 is worth telling. */
export const optionalInteger: Decoder = (node, context) => {
  const value = scalar(node, context);
  if (value === undefined) {
    return undefined;
  }
  const number = typeof value.value === 'string' ? castText(value.value, 'integer') : value.value;
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    return fail(context, value, `must be an integer, got "${value.value}"`);
  }
  // beyond this a number is not exact, and what is printed would not be what was written
  return Math.abs(number) <= Number.MAX_SAFE_INTEGER
    ? Math.trunc(number)
    : fail(
        context,
        value,
        `is out of range; the largest number is ${Number.MAX_SAFE_INTEGER}`,
        'COMPOSE_VALUE_INVALID',
      );
};

export const integer: Decoder = (node, context) => optionalInteger(node, context) || undefined;

/** An integer that cannot be negative, of which 0 is worth telling. */
export const optionalCount: Decoder = (node, context) => {
  const number = optionalInteger(node, context);
  return node === undefined || typeof number !== 'number' || number >= 0
    ? number
    : fail(context, node, `must not be negative, got ${number}`, 'COMPOSE_VALUE_INVALID');
};

export const count: Decoder = (node, context) => optionalCount(node, context) || undefined;

/** A number kept with the precision of 32 bits. */
export const float: Decoder = (node, context) => {
  const value = scalar(node, context);
  if (value === undefined) {
    return undefined;
  }
  const number = typeof value.value === 'string' ? castText(value.value, 'float') : value.value;
  return typeof number === 'number'
    ? shortestFloat32(number) || undefined
    : fail(context, value, `must be a number, got "${value.value}"`);
};

/** The largest number of bytes: they have 63 bits in every program that reads them. */
const mostBytes = 2n ** 63n - 1n;

/** `512m` or a number of bytes, as decimal digits; 0 is the same as absent. */
export const byteCount: Decoder = (node, context) => {
  const value = scalar(node, context);
  if (value === undefined) {
    return undefined;
  }
  const written = String(value.value);
  const bytes = exactBytes(written);
  if (bytes === undefined) {
    return fail(
      context,
      value,
      `must be a size such as 512m or 1.5g, got "${written}"`,
      'COMPOSE_VALUE_INVALID',
    );
  }
  if (bytes > mostBytes) {
    return fail(context, value, `: ${written} is too large for a size`, 'COMPOSE_VALUE_INVALID');
  }
  return bytes === 0n ? undefined : String(bytes);
};

function exactBytes(written: string): bigint | undefined {
  if (/^[-+]?\d+$/.test(written)) {
    return BigInt(written.replace(/^\+/, ''));
  }
  const bytes = parseByteSize(written);
  return bytes === undefined || !Number.isFinite(bytes) ? undefined : BigInt(bytes);
}

export const optionalDuration: Decoder = (node, context) => {
  const value = scalar(node, context);
  if (value === undefined) {
    return undefined;
  }
  const ns = parseGoDuration(String(value.value));
  return ns === undefined
    ? fail(
        context,
        value,
        `must be a duration such as 30s or 1m30s, got "${value.value}"`,
        'COMPOSE_VALUE_INVALID',
      )
    : formatGoDuration(ns);
};

export const duration: Decoder = (node, context) => {
  const written = optionalDuration(node, context);
  return written === '0s' ? undefined : written;
};

/** A list of texts, or one text; empty is the same as absent. */
export const textList: Decoder = (node, context) => {
  const list = listItems(node, context);
  return list === undefined || list.length === 0 ? undefined : list;
};

function listItems(node: Node | undefined, context: DecodeContext): string[] | undefined {
  if (node === undefined || isNull(node)) {
    return undefined;
  }
  if (node.kind === 'map') {
    return fail(context, node, 'must be a list');
  }
  if (node.kind === 'scalar') {
    return [printScalar(node.value, node.float)];
  }
  return node.items.map((item, index) =>
    item.kind === 'scalar'
      ? printScalar(item.value, item.float)
      : (fail(at(context, index), item, 'must be a single value') ?? ''),
  );
}

/** Name and text of each entry of a mapping, or of a list of `NAME=VALUE`; null where there is no value. */
function* pairs(
  node: Node | undefined,
  context: DecodeContext,
): Generator<[string, string | null, Node]> {
  if (node === undefined || isNull(node)) {
    return;
  }
  if (node.kind === 'map') {
    for (const [key, { value }] of node.entries) {
      if (value.kind === 'scalar') {
        yield [key, value.value === null ? null : printScalar(value.value, value.float), value];
      } else {
        fail(at(context, key), value, 'must be a single value');
      }
    }
  } else if (node.kind === 'seq') {
    for (const item of node.items) {
      const written = item.kind === 'scalar' ? printScalar(item.value, item.float) : '';
      const equals = written.indexOf('=');
      yield equals === -1
        ? [written, null, item]
        : [written.slice(0, equals), written.slice(equals + 1), item];
    }
  } else {
    fail(context, node, 'must be a mapping or a list');
  }
}

/** Names with texts, sorted by name; no value is the empty text. */
export const mapping: Decoder = (node, context) =>
  collect(pairs(node, context), (value) => value ?? '');

/** As {@link mapping}, with null where a name has no value. */
export const nullableMapping: Decoder = (node, context) => {
  const found = [...pairs(node, context)];
  for (const [name, , place] of found) {
    if (node?.kind === 'seq' && /\s$/.test(name)) {
      fail(context, place, `: the name "${name}" ends with a space`, 'COMPOSE_VALUE_INVALID');
    }
  }
  return collect(found, (value) => value);
};

function collect(
  found: Iterable<[string, string | null, Node]>,
  convert: (value: string | null) => string | null,
): Record<string, string | null> | undefined {
  const entries = [...found].map(([name, value]) => [name, convert(value)] as const);
  return entries.length === 0 ? undefined : sortedRecord(entries);
}

/** An object with its keys in order; the last of equal ones counts. */
export function sortedRecord<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const latest = new Map(entries);
  const keys = [...latest.keys()].sort();
  const record: Record<string, T> = {};
  for (const key of keys) {
    define(record, key, latest.get(key) as T);
  }
  return record;
}

/** Sets a key, `__proto__` included, which an assignment would take for the prototype. */
function define<T>(record: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') {
    Object.defineProperty(record, key, { value, enumerable: true, writable: true });
  } else {
    record[key] = value;
  }
}

/** A list whose items all have one shape; empty is the same as absent. */
export function listOf(item: Decoder): Decoder {
  return (node, context) => {
    if (node === undefined || isNull(node)) {
      return undefined;
    }
    if (node.kind !== 'seq') {
      return fail(context, node, 'must be a list');
    }
    // what could not be decoded is reported; the rest is looked at all the same
    const items = node.items
      .map((one, index) => item(one, at(context, index)))
      .filter((one) => one !== undefined);
    return items.length === 0 ? undefined : items;
  };
}

/** A mapping of user-chosen names; empty is the same as absent. `null` values are kept as such. */
export function recordOf(value: Decoder): Decoder {
  return (node, context) => {
    if (node === undefined || isNull(node)) {
      return undefined;
    }
    if (node.kind !== 'map') {
      return fail(context, node, 'must be a mapping');
    }
    const entries = [...node.entries].map(
      ([key, entry]) =>
        [key, isNull(entry.value) ? null : value(entry.value, at(context, key))] as const,
    );
    return entries.length === 0 ? undefined : sortedRecord(entries);
  };
}

/** As {@link recordOf}, where a name without a value is one with all its defaults. */
export function resourcesOf(value: Decoder): Decoder {
  const decode = recordOf(value);
  return (node, context) => {
    const resources = decode(node, context) as Record<string, unknown> | undefined;
    for (const name of Object.keys(resources ?? {})) {
      if (resources !== undefined && resources[name] === null && node !== undefined) {
        resources[name] = value(mapAt(node), at(context, name));
      }
    }
    return resources;
  };
}

/** A mapping with known keys, written in this order, `x-…` keys after them. */
export function shape(fields: Readonly<Record<string, Decoder>>): Decoder {
  const known = Object.entries(fields);
  return (node, context) => {
    if (node === undefined || isNull(node)) {
      return undefined;
    }
    if (node.kind !== 'map') {
      return fail(context, node, 'must be a mapping');
    }
    const result: Record<string, unknown> = {};
    for (const [key, decode] of known) {
      const entry = node.entries.get(key);
      // most keys of most services are absent: spare the call where absence decodes to absence
      if (entry === undefined && !decodesAbsence.has(decode)) {
        continue;
      }
      const value = decode(entry?.value, at(context, key));
      if (value !== undefined) {
        result[key] = value;
      }
    }
    for (const [key, entry] of node.entries) {
      if (key.startsWith('x-')) {
        result[key] = toPlain(entry.value);
      }
    }
    return result;
  };
}

/** Decoders that answer something for an absent key. */
const decodesAbsence = new WeakSet<Decoder>();

/** As `decode`, with a value for the absent key as well. */
export function orElse(decode: Decoder, absent: () => unknown): Decoder {
  const decoder: Decoder = (node, context) => decode(node, context) ?? absent();
  decodesAbsence.add(decoder);
  return decoder;
}
