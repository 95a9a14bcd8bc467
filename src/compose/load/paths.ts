/** Relative paths of a file become absolute, each from the folder that its file counts from. */
import { isAbsolute, join } from 'node:path';
import type { Findings } from './findings.ts';
import type { FileReader } from './load-result.ts';
import { compilePatterns, type PatternStep, stepInto, stepIntoItem } from './path-pattern.ts';
import { isAllowed, isRemoteFile } from './remote.ts';
import { child, type Node, setChild, stringOf } from './yaml/node.ts';

export interface PathContext {
  /** The folder; relative itself while an included file is being loaded. */
  readonly base: string;
  /** What `~` stands for; `~` stays where there is none. */
  readonly home: string | undefined;
  readonly reader: FileReader;
  readonly findings: Findings;
  /** Checkout of a remote file, which its paths may not leave. */
  readonly confinedTo?: string | undefined;
}

type PathRule =
  | 'path'
  | 'dockerfile'
  | 'build-context'
  | 'maybe-windows'
  | 'watched'
  | 'mount'
  | 'volume';

const rules = compilePatterns<PathRule>({
  'services.*.build.context': 'build-context',
  'services.*.build.dockerfile': 'dockerfile',
  'services.*.build.additional_contexts.*': 'build-context',
  'services.*.build.ssh.*': 'maybe-windows',
  'services.*.env_file.*.path': 'path',
  'services.*.label_file.*': 'path',
  'services.*.extends.file': 'path',
  'services.*.develop.watch.*.path': 'watched',
  'services.*.volumes.*': 'mount',
  'configs.*.file': 'maybe-windows',
  'secrets.*.file': 'maybe-windows',
  'volumes.*': 'volume',
});

/** Resolves every path of the tree, in place. */
export function resolvePaths(root: Node, context: PathContext): void {
  walk(root, rules, context, []);
}

function walk(
  node: Node,
  step: PatternStep<PathRule> | undefined,
  context: PathContext,
  path: readonly string[],
): Node {
  if (step === undefined) {
    return node;
  }
  if (step.rule !== undefined) {
    return apply(node, step.rule, context, path);
  }
  if (node.kind === 'map') {
    for (const [key, entry] of node.entries) {
      entry.value = walk(entry.value, stepInto(step, key), context, [...path, key]);
    }
  } else if (node.kind === 'seq') {
    const next = stepIntoItem(step);
    node.items = node.items.map((item, index) =>
      walk(item, next, context, [...path, String(index)]),
    );
  }
  return node;
}

function apply(node: Node, rule: PathRule, context: PathContext, path: readonly string[]): Node {
  switch (rule) {
    case 'mount':
      return mount(node, context, path);
    case 'volume':
      return volume(node, context);
    case 'watched':
      return mapPath(node, context, (text) => {
        const path = resolve(text, context);
        // a path that is still relative is resolved again, from a folder of the including file
        return isAbsolute(path) ? (context.reader.resolveLinks?.(path) ?? path) : path;
      });
    case 'build-context':
      return isRemoteContext(stringOf(node) ?? '')
        ? node
        : mapPath(node, context, (text) => resolve(text, context));
    case 'maybe-windows':
      return mapPath(node, context, (text) => resolveMaybeWindows(text, context));
    case 'dockerfile':
      return checkDockerfile(node, context);
    case 'path':
      return isRemoteFile(stringOf(node) ?? '')
        ? node
        : mapPath(node, context, (text) => (text === '' ? text : resolve(text, context)));
  }
}

/** It counts from the build context, which is inside already, and stays as written. */
function checkDockerfile(node: Node, { confinedTo, ...context }: PathContext): Node {
  const text = stringOf(node) ?? '';
  if (confinedTo !== undefined && (isAbsolute(text) || text.split('/').includes('..'))) {
    isAllowed(join('/', text), node, confinedTo, context);
  }
  return node;
}

/** The path with `change` made; reported where it then leads out of what the file is confined to. */
function mapPath(node: Node, context: PathContext, change: (text: string) => string): Node {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') {
    return node;
  }
  const value = change(node.value);
  isAllowed(value, node, context.confinedTo, context);
  return { ...node, value };
}

function resolve(text: string, { base, home }: PathContext): string {
  if (text === '') {
    return text;
  }
  const expanded = text.startsWith('~') && home !== undefined ? join(home, text.slice(1)) : text;
  return isAbsolute(expanded) ? expanded : trimSlash(join(base, expanded));
}

/** Go's `filepath.Join` drops a slash at the end; Node's keeps it. */
function trimSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** A file may be written on Windows for a Linux engine: `C:\data` is absolute there. */
function resolveMaybeWindows(text: string, context: PathContext): string {
  if (/^[A-Za-z]:[\\/]/.test(text) || /^[\\/]{2}[^\\/]/.test(text)) {
    return text;
  }
  return text === '' ? trimSlash(join(context.base, text)) : resolve(text, context);
}

function isRemoteContext(text: string): boolean {
  return (
    text.includes('://') ||
    text.startsWith('service:') ||
    text.startsWith('github.com/') ||
    text.startsWith('git@')
  );
}

function mount(node: Node, context: PathContext, path: readonly string[]): Node {
  if (node.kind !== 'map' || stringOf(child(node, 'type')) !== 'bind') {
    return node;
  }
  const source = child(node, 'source');
  if (source === undefined) {
    context.findings.error(
      'COMPOSE_KEY_REQUIRED',
      `${path.join('.')} is a bind mount without \`source\``,
      node,
    );
    return node;
  }
  const key = node.entries.get('source')?.key ?? source;
  setChild(
    node,
    'source',
    mapPath(source, context, (text) => resolveMaybeWindows(text, context)),
    key,
  );
  return node;
}

/** `driver: local` with `o: bind` is a bind mount in disguise; its device is a path. */
function volume(node: Node, context: PathContext): Node {
  const options = child(node, 'driver_opts');
  const device = child(options, 'device');
  const isBind =
    stringOf(child(node, 'driver')) === 'local' && stringOf(child(options, 'o')) === 'bind';
  const deviceText = stringOf(device) ?? '';
  if (!isBind && device !== undefined && isAbsolute(deviceText)) {
    isAllowed(deviceText, device, context.confinedTo, context);
  }
  if (isBind && options?.kind === 'map' && device !== undefined) {
    const key = options.entries.get('device')?.key ?? device;
    setChild(
      options,
      'device',
      mapPath(device, context, (text) => resolveMaybeWindows(text, context)),
      key,
    );
  }
  return node;
}
