import { parseGoDuration } from '../../core/index.ts';
import type { InstructionNode, Token } from './ast.ts';
import { dockerfileError } from './dockerfile-error.ts';
import type { CommandForm, Healthcheck, Instruction } from './instructions.ts';
import { instructionNames } from './parse-instruction.ts';
import { type FlagKind, ReadFlags } from './read-flags.ts';
import { readMount } from './read-mount.ts';

/** Flags by instruction. */
const flagKinds: Readonly<Record<string, Readonly<Record<string, FlagKind>>>> = {
  FROM: { platform: 'value' },
  RUN: { mount: 'list', network: 'value', security: 'value', device: 'list' },
  COPY: {
    from: 'value',
    chown: 'value',
    chmod: 'value',
    link: 'boolean',
    parents: 'boolean',
    exclude: 'list',
  },
  ADD: {
    chown: 'value',
    chmod: 'value',
    link: 'boolean',
    exclude: 'list',
    checksum: 'value',
    'keep-git-dir': 'boolean',
    unpack: 'boolean',
  },
  HEALTHCHECK: {
    interval: 'value',
    timeout: 'value',
    'start-period': 'value',
    'start-interval': 'value',
    retries: 'value',
  },
};

/**
 * Reads what one instruction means.
 * @throws {AppError} `BUILD_DOCKERFILE_INVALID`
 */
export function readInstruction(node: InstructionNode): Instruction {
  const { name } = node;
  if (!instructionNames.includes(name)) throw unknownInstruction(node);
  const flags = new ReadFlags(node, flagKinds[name] ?? {});
  const placed = { range: node.range, original: node.original };
  switch (name) {
    case 'FROM':
      return { ...placed, kind: 'FROM', platform: flags.one('platform'), ...base(node) };
    case 'ARG':
      return { ...placed, kind: 'ARG', args: needArgs(node).map(argument) };
    case 'ENV':
    case 'LABEL':
      return { ...placed, kind: name, pairs: pairs(node) };
    case 'RUN':
      return run(node, flags);
    case 'COPY':
    case 'ADD':
      return copy(node, flags);
    case 'CMD':
    case 'ENTRYPOINT':
      return { ...placed, kind: name, command: command(node, node.args) };
    case 'MAINTAINER':
    case 'STOPSIGNAL':
    case 'USER':
    case 'WORKDIR':
      return { ...placed, kind: name, value: needArgs(node)[0] as Token };
    case 'SHELL':
      if (!node.isJson)
        throw dockerfileError(node.range, 'SHELL requires the arguments to be in JSON form');
      return { ...placed, kind: 'SHELL', words: needArgs(node) };
    case 'EXPOSE':
      return { ...placed, kind: 'EXPOSE', words: needArgs(node) };
    case 'VOLUME':
      return { ...placed, kind: 'VOLUME', words: volumes(node) };
    case 'HEALTHCHECK':
      return { ...placed, kind: 'HEALTHCHECK', ...healthcheck(node, flags) };
    default:
      return { ...placed, kind: 'ONBUILD', trigger: trigger(node) };
  }
}

function unknownInstruction({ name, nameRange }: InstructionNode): Error {
  const near = instructionNames.find((known) => isNear(known, name));
  return dockerfileError(nameRange, `unknown instruction: ${name}`, {
    hint:
      near === undefined
        ? `The instructions are ${instructionNames.join(', ')}.`
        : `Did you mean ${near}?`,
  });
}

/** One letter more, less, other, or two swapped. */
function isNear(known: string, word: string): boolean {
  let front = 0;
  while (front < known.length && known[front] === word[front]) front += 1;
  let back = 0;
  while (
    back < Math.min(known.length, word.length) - front &&
    known.at(-1 - back) === word.at(-1 - back)
  ) {
    back += 1;
  }
  const [a, b] = [known.slice(front, known.length - back), word.slice(front, word.length - back)];
  return (a.length <= 1 && b.length <= 1) || (a.length === 2 && a[0] === b[1] && a[1] === b[0]);
}

function needArgs(node: InstructionNode): readonly Token[] {
  if (node.args.length > 0 && node.args[0]?.text !== '') return node.args;
  throw dockerfileError(node.nameRange, `${node.name} requires at least one argument`);
}

function base(node: InstructionNode) {
  const [image, as, alias, ...more] = node.args;
  if (image === undefined) {
    throw dockerfileError(
      node.nameRange,
      'FROM requires either one argument, or three: FROM <source> [AS <name>]',
    );
  }
  if (as === undefined) return { base: image, alias: undefined };
  if (as.text.toLowerCase() !== 'as' || alias === undefined || more.length > 0) {
    throw dockerfileError(
      as.range,
      'FROM requires either one argument, or three: FROM <source> [AS <name>]',
    );
  }
  return { base: image, alias };
}

function argument(token: Token) {
  const equals = token.text.indexOf('=');
  const { range } = token;
  if (equals < 0) return { name: token, value: undefined };
  if (equals === 0) throw dockerfileError(range, 'ARG names can not be blank');
  const split = { line: range.start.line, column: range.start.column + equals };
  return {
    name: { text: token.text.slice(0, equals), range: { ...range, end: split } },
    value: {
      text: token.text.slice(equals + 1),
      range: { ...range, start: { ...split, column: split.column + 1 } },
    },
  };
}

function pairs(node: InstructionNode) {
  if (node.pairs.length === 0) {
    throw dockerfileError(node.nameRange, `${node.name} requires at least one argument`);
  }
  for (const { key } of node.pairs) {
    if (key.text === '') throw dockerfileError(key.range, `${node.name} names can not be blank`);
  }
  return node.pairs.map(({ key, value }) => ({ key, value }));
}

function command({ isJson }: InstructionNode, args: readonly Token[]): CommandForm {
  return isJson
    ? { form: 'exec', words: args.map(({ text }) => text) }
    : { form: 'shell', line: args[0]?.text ?? '' };
}

function run(node: InstructionNode, flags: ReadFlags): Instruction {
  const network = flags.one('network');
  const security = flags.one('security');
  const [device] = flags.all('device');
  if (device !== undefined) {
    throw dockerfileError(device.range, '--device is not supported', { code: 'BUILD_UNSUPPORTED' });
  }
  if (network !== undefined && !/^(default|none|host)$/.test(network.text)) {
    throw dockerfileError(network.range, `unsupported network mode "${network.text}"`, {
      hint: 'Use default, none or host.',
    });
  }
  if (security !== undefined && !/^(sandbox|insecure)$/.test(security.text)) {
    throw dockerfileError(security.range, `unsupported security mode "${security.text}"`, {
      hint: 'Use sandbox or insecure.',
    });
  }
  needArgs(node);
  return {
    kind: 'RUN',
    range: node.range,
    original: node.original,
    command: command(node, node.args),
    heredocs: node.heredocs,
    mounts: flags.all('mount').map(readMount),
    network: (network?.text ?? 'default') as 'default' | 'none' | 'host',
    security: (security?.text ?? 'sandbox') as 'sandbox' | 'insecure',
    flagRanges: flags.ranges(),
  };
}

function copy(node: InstructionNode, flags: ReadFlags): Instruction {
  const kind = node.name as 'COPY' | 'ADD';
  const target = node.args.at(-1);
  if (target === undefined || node.args.length < 2) {
    throw dockerfileError(
      node.nameRange,
      `${kind} requires at least two arguments, but only ${node.args.length} ${node.args.length === 1 ? 'was' : 'were'} provided`,
      {
        hint: `Write ${kind} SOURCE… DESTINATION.`,
      },
    );
  }
  if (target.text === '') throw dockerfileError(target.range, `${kind} requires a destination`);
  const opened = new Set(
    node.heredocs.map(({ range }) => `${range.start.line}:${range.start.column}`),
  );
  const sources = node.args
    .slice(0, -1)
    .filter(({ range }) => !opened.has(`${range.start.line}:${range.start.column}`));
  return {
    kind,
    range: node.range,
    original: node.original,
    sources,
    heredocs: node.heredocs,
    target,
    from: flags.one('from'),
    chown: flags.one('chown'),
    chmod: flags.one('chmod'),
    link: flags.boolean('link') ?? false,
    parents: flags.boolean('parents') ?? false,
    exclude: flags.all('exclude'),
    checksum: flags.one('checksum'),
    keepGitDir: flags.boolean('keep-git-dir') ?? false,
    unpack: flags.boolean('unpack'),
  };
}

function volumes(node: InstructionNode): readonly Token[] {
  const words = node.args;
  if (words.length === 0)
    throw dockerfileError(node.nameRange, 'VOLUME requires at least one argument');
  const blank = words.find(({ text }) => text.trim() === '');
  if (blank !== undefined)
    throw dockerfileError(blank.range, 'VOLUME specified can not be an empty string');
  return words;
}

const durations = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
} as const;

/** Shorter ones are refused by Docker, too. */
const shortestNs = 1_000_000;

function healthcheck(
  node: InstructionNode,
  flags: ReadFlags,
): Pick<Healthcheck, 'command' | 'settings'> {
  const [kind, ...words] = node.args;
  if (kind === undefined)
    throw dockerfileError(node.nameRange, 'HEALTHCHECK requires at least one argument');
  const type = kind.text.toUpperCase();
  if (type === 'NONE') {
    const [extra] = words;
    if (extra !== undefined)
      throw dockerfileError(extra.range, 'HEALTHCHECK NONE takes no arguments');
    return { command: undefined, settings: {} };
  }
  if (type !== 'CMD') {
    throw dockerfileError(kind.range, `unknown type "${kind.text}" in HEALTHCHECK`, {
      hint: 'Write HEALTHCHECK CMD command, or HEALTHCHECK NONE.',
    });
  }
  if (words.length === 0)
    throw dockerfileError(kind.range, 'missing command after HEALTHCHECK CMD');
  const settings: Record<string, number> = {};
  for (const [flag, key] of Object.entries(durations)) {
    const given = flags.one(flag);
    if (given === undefined) continue;
    const ns = parseGoDuration(given.text);
    if (ns === undefined || ns < 0 || (ns > 0 && ns < shortestNs)) {
      throw dockerfileError(
        given.range,
        `--${flag}: "${given.text}" is no duration of a millisecond or more`,
      );
    }
    settings[key] = ns;
  }
  const retries = flags.one('retries');
  if (retries !== undefined) {
    if (!/^\d{1,9}$/.test(retries.text)) {
      throw dockerfileError(retries.range, `--retries: "${retries.text}" is no number`);
    }
    settings.Retries = Number(retries.text);
  }
  return { command: command(node, words), settings };
}

/** @returns the trigger's text; checked as an instruction of its own. */
function trigger({ trigger: inner, nameRange }: InstructionNode): string {
  if (inner === undefined)
    throw dockerfileError(nameRange, 'ONBUILD requires at least one argument');
  if (inner.name === 'ONBUILD') {
    throw dockerfileError(inner.nameRange, "chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  }
  if (inner.name === 'FROM' || inner.name === 'MAINTAINER') {
    throw dockerfileError(inner.nameRange, `${inner.name} isn't allowed as an ONBUILD trigger`);
  }
  readInstruction(inner);
  const bodies = inner.heredocs.map(({ content, name }) => `\n${content}${name}`);
  return inner.original + bodies.join('');
}
