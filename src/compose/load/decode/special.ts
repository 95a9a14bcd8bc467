/** Decoders of the values that have rules of their own. */
import { printScalar } from '../go-print.ts';
import { pathText } from '../path-link.ts';
import { isNull, type Node, toPlain } from '../yaml/node.ts';
import {
  type DecodeContext,
  type Decoder,
  fail,
  optionalFlag,
  optionalInteger,
  sortedRecord,
} from './decoder.ts';
import { splitShellWords } from './shell-words.ts';

/** A command as a list of words; a string is split by shell quoting rules. */
export const command: Decoder = (node, context) => {
  if (node === undefined || isNull(node)) {
    return undefined;
  }
  if (node.kind === 'seq') {
    return node.items.map((item) =>
      item.kind === 'scalar' ? printScalar(item.value, item.float) : '',
    );
  }
  if (node.kind === 'map') {
    return fail(context, node, 'must be a string or a list');
  }
  const line = printScalar(node.value, node.float);
  const { words, problem, ...rest } = splitShellWords(line);
  if (problem !== undefined) {
    return fail(context, node, problem, 'COMPOSE_VALUE_INVALID');
  }
  if ('cutAt' in rest && rest.cutAt !== undefined) {
    context.findings.warning(
      'COMPOSE_COMMAND_CUT',
      `${pathText(context.path)} ends before "${line.slice(rest.cutAt, rest.cutAt + 30)}": no shell runs it`,
      node,
      { hint: `Write a list: ["sh", "-c", ${JSON.stringify(line)}].` },
    );
  }
  return words;
};

export const healthcheckTest: Decoder = (node, context) => {
  if (node?.kind === 'scalar' && node.value !== null) {
    return ['CMD-SHELL', printScalar(node.value)];
  }
  const words = command(node, context);
  return Array.isArray(words) && words.length > 0 ? words : undefined;
};

/** Host names with addresses as `name=address`, sorted. */
export const hosts: Decoder = (node, context) => {
  if (node === undefined || isNull(node)) {
    return undefined;
  }
  const entries: string[] = [];
  if (node.kind === 'map') {
    for (const [host, { value }] of node.entries) {
      const addresses = value.kind === 'seq' ? value.items : [value];
      for (const address of addresses) {
        entries.push(...hostEntry(host, String(toPlain(address) ?? ''), address, context));
      }
    }
  } else if (node.kind === 'seq') {
    for (const item of node.items) {
      const written = String(toPlain(item) ?? '');
      const separator = written.includes('=') ? '=' : ':';
      const cut = written.indexOf(separator);
      if (cut === -1) {
        fail(context, item, `: "${written}" has no address`, 'COMPOSE_VALUE_INVALID');
        continue;
      }
      for (const address of written.slice(cut + 1).split(',')) {
        entries.push(...hostEntry(written.slice(0, cut), address, item, context));
      }
    }
  }
  return entries.length === 0 ? undefined : entries.sort();
};

function hostEntry(host: string, address: string, node: Node, context: DecodeContext): string[] {
  if (host === '' || /[:=]/.test(host)) {
    fail(context, node, `: bad host name "${host}"`, 'COMPOSE_VALUE_INVALID');
    return [];
  }
  return [`${host}=${address.replace(/^\[(.+)\]$/, '$1')}`];
}

/** Permission bits as octal digits with a leading zero. */
export const fileMode: Decoder = (node, context) => {
  if (node?.kind !== 'scalar' || node.value === null) {
    return undefined;
  }
  if (typeof node.value === 'number' && Number.isInteger(node.value)) {
    return `0${node.value.toString(8)}`;
  }
  return typeof node.value === 'string' && /^[0-7]+$/.test(node.value)
    ? `0${Number.parseInt(node.value, 8).toString(8)}`
    : fail(context, node, `must be octal digits, got "${node.value}"`, 'COMPOSE_VALUE_INVALID');
};

/** A single number for both limits, or soft and hard; as Compose prints them, a limit of 0 is left out. */
export const ulimit: Decoder = (node, context) => {
  if (node?.kind !== 'map') {
    const limit = optionalInteger(node, context);
    return limit === 0 ? {} : limit;
  }
  const limits: { soft?: number; hard?: number } = {};
  for (const key of ['soft', 'hard'] as const) {
    const limit = optionalInteger(node.entries.get(key)?.value, context);
    if (typeof limit === 'number' && limit !== 0) {
      limits[key] = limit;
    }
  }
  return limits;
};

/** How many devices; `all` is -1. */
export const deviceCount: Decoder = (node, context) => {
  if (node?.kind === 'scalar' && String(node.value).toLowerCase() === 'all') {
    return -1;
  }
  return optionalInteger(node, context) || undefined;
};

/** SSH agents and keys for a build as `id` or `id=path`. */
export const sshKeys: Decoder = (node) => {
  if (node?.kind !== 'map') {
    return undefined;
  }
  const keys = [...node.entries].map(([id, { value }]) => {
    const path = toPlain(value);
    return path === null || path === '' ? id : `${id}=${String(path)}`;
  });
  return keys.length === 0 ? undefined : keys.sort();
};

/** Options that may be given several times. */
export const multiOptions: Decoder = (node, context) => {
  if (node === undefined || isNull(node)) {
    return undefined;
  }
  if (node.kind !== 'map') {
    return fail(context, node, 'must be a mapping');
  }
  const entries = [...node.entries].map(([key, { value }]) => {
    const values = value.kind === 'seq' ? value.items : [value];
    return [
      key,
      values.map((one) => (one.kind === 'scalar' ? printScalar(one.value, one.float) : '')),
    ] as const;
  });
  return entries.length === 0 ? undefined : sortedRecord(entries);
};

/** False is worth telling, true is the default. */
export const optOut: Decoder = (node, context) =>
  optionalFlag(node, context) === false ? false : undefined;
