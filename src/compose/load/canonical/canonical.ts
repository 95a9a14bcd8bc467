/**
 * Short forms become long ones: `"8080:80"` a mapping with target and published port, `build: .` a mapping with a
 * context, a list of service names a mapping. One table keyed by path; running it twice changes nothing.
 */
import type { Findings } from '../findings.ts';
import { printScalar } from '../go-print.ts';
import { startedAt } from '../merge/merge.ts';
import { compilePatterns, type PatternStep, stepInto, stepIntoItem } from '../path-pattern.ts';
import {
  isNull,
  type MapNode,
  mapAt,
  type Node,
  type Place,
  scalarAt,
  seqAt,
  setChild,
  stringOf,
} from '../yaml/node.ts';
import { parseMount } from './mount.ts';
import { type ParsedPort, parsePorts } from './port.ts';

interface CanonicalContext {
  readonly findings: Findings;
  readonly path: readonly string[];
  /** With variables left in place a short form may not be readable; it then stays short. */
  readonly lenient: boolean;
}

type Transform = (node: Node, context: CanonicalContext) => Node;

interface CanonicalRule {
  readonly apply: Transform;
  /** Goes on below the result; most results are final. */
  readonly descend?: boolean;
}

const rules = compilePatterns<CanonicalRule>({
  'services.*.build': { apply: build, descend: true },
  'services.*.build.secrets.*': { apply: fileReference },
  'services.*.build.provenance': { apply: stringOrBoolean },
  'services.*.build.sbom': { apply: stringOrBoolean },
  'services.*.build.additional_contexts': { apply: keyValues },
  'services.*.build.ssh': { apply: sshKeys },
  'services.*.depends_on': { apply: dependsOn },
  'services.*.env_file': { apply: envFiles },
  'services.*.label_file': { apply: stringOrList },
  'services.*.extends': { apply: extendsReference },
  'services.*.gpus': { apply: gpus },
  'services.*.networks': { apply: names },
  'services.*.models': { apply: names },
  'services.*.volumes.*': { apply: mount },
  'services.*.dns': { apply: stringOrList },
  'services.*.devices.*': { apply: device },
  'services.*.secrets.*': { apply: fileReference },
  'services.*.configs.*': { apply: fileReference },
  'services.*.ports': { apply: ports },
  'services.*.develop.watch.*.ignore': { apply: stringOrList },
  'services.*.develop.watch.*.include': { apply: stringOrList },
  'volumes.*': { apply: external, descend: true },
  'networks.*': { apply: external, descend: true },
  'secrets.*': { apply: external, descend: true },
  'configs.*': { apply: external, descend: true },
});

/** Rewrites `root` in place; what cannot be read is reported and left as it is. */
export function toCanonical(root: Node, findings: Findings, lenient: boolean): Node {
  return walk(root, rules, { findings, path: [], lenient });
}

function walk(
  node: Node,
  step: PatternStep<CanonicalRule> | undefined,
  context: CanonicalContext,
): Node {
  if (step === undefined) {
    return node;
  }
  let result = node;
  if (step.rule !== undefined) {
    result = step.rule.apply(node, context);
    if (step.rule.descend !== true) {
      return result;
    }
  }
  if (result.kind === 'map') {
    for (const [key, entry] of result.entries) {
      const next = stepInto(step, key);
      if (next !== undefined) {
        entry.value = walk(entry.value, next, { ...context, path: [...context.path, key] });
      }
    }
  } else if (result.kind === 'seq') {
    const next = stepIntoItem(step);
    if (next !== undefined) {
      result.items = result.items.map((item, index) =>
        walk(item, next, { ...context, path: [...context.path, String(index)] }),
      );
    }
  }
  return result;
}

function isText(node: Node): node is Node & { readonly kind: 'scalar'; readonly value: string } {
  return node.kind === 'scalar' && typeof node.value === 'string';
}

function build(node: Node): Node {
  return isText(node) ? mapAt(node, { context: node }) : node;
}

function fileReference(node: Node): Node {
  return isText(node) ? mapAt(node, { source: node }) : node;
}

function stringOrBoolean(node: Node): Node {
  return node.kind === 'scalar' && typeof node.value !== 'string'
    ? { ...node, value: printScalar(node.value, node.float) }
    : node;
}

function stringOrList(node: Node): Node {
  return isText(node) ? seqAt(node, [node]) : node;
}

function keyValues(node: Node, { findings, path, lenient }: CanonicalContext): Node {
  if (node.kind !== 'seq') {
    return node;
  }
  const map = mapAt(node);
  for (const item of node.items) {
    const text = stringOf(item) ?? '';
    const equals = text.indexOf('=');
    if (equals === -1) {
      if (lenient) {
        return node;
      }
      findings.error(
        'COMPOSE_VALUE_INVALID',
        `${path.join('.')}: "${text}" must be written as NAME=VALUE`,
        item,
      );
      continue;
    }
    setChild(map, text.slice(0, equals), scalarAt(item, text.slice(equals + 1)));
  }
  return map;
}

function sshKeys(node: Node, { findings, path }: CanonicalContext): Node {
  if (node.kind !== 'seq') {
    return node;
  }
  const map = mapAt(node);
  for (const item of node.items) {
    const text = stringOf(item) ?? '';
    const equals = text.indexOf('=');
    if (equals !== -1) {
      setChild(map, text.slice(0, equals), scalarAt(item, text.slice(equals + 1)));
    } else if (text === 'default') {
      setChild(map, text, scalarAt(item, null));
    } else {
      findings.error(
        'COMPOSE_VALUE_INVALID',
        `${path.join('.')}: ssh key "${text}" names no path`,
        item,
        { hint: `Write default, or ${text}=/path/to/key.` },
      );
    }
  }
  return map;
}

function dependsOn(node: Node): Node {
  if (node.kind === 'seq') {
    const map = mapAt(node);
    for (const item of node.items) {
      setChild(map, stringOf(item) ?? '', startedAt(item), item);
    }
    return map;
  }
  if (node.kind === 'map') {
    for (const { value } of node.entries.values()) {
      if (value.kind === 'map') {
        setDefault(value, 'condition', 'service_started');
        setDefault(value, 'required', true);
      }
    }
  }
  return node;
}

function envFiles(node: Node): Node {
  const list = stringOrList(node);
  if (list.kind === 'seq') {
    list.items = list.items.map((item) => {
      const file = isText(item) ? mapAt(item, { path: item }) : item;
      if (file.kind === 'map') {
        setDefault(file, 'required', true);
      }
      return file;
    });
  }
  return list;
}

function extendsReference(node: Node): Node {
  return isText(node) ? mapAt(node, { service: node }) : node;
}

function gpus(node: Node): Node {
  return isText(node) ? seqAt(node, [mapAt(node, { count: scalarAt(node, 'all') })]) : node;
}

function names(node: Node): Node {
  if (node.kind !== 'seq') {
    return node;
  }
  const map = mapAt(node);
  for (const item of node.items) {
    setChild(map, stringOf(item) ?? '', scalarAt(item, null), item);
  }
  return map;
}

function device(node: Node, { findings, path, lenient }: CanonicalContext): Node {
  if (!isText(node)) {
    return node;
  }
  const parts = node.value.split(':');
  if (parts.length > 3 && !lenient) {
    findings.error(
      'COMPOSE_VALUE_INVALID',
      `${path.join('.')}: "${node.value}" has too many colons`,
      node,
      { hint: 'Write SOURCE:TARGET:PERMISSIONS, or a mapping with source, target, permissions.' },
    );
  }
  const [source = '', target = '', permissions = 'rwm'] = parts.length > 3 ? [] : parts;
  return mapAt(node, {
    source: scalarAt(node, source),
    target: scalarAt(node, target === '' ? source : target),
    permissions: scalarAt(node, permissions),
  });
}

/** Ports of one service with its ranges written out; every port for two protocols is less. */
const mostPorts = 140_000;

function ports(node: Node, { findings, path, lenient }: CanonicalContext): Node {
  if (node.kind !== 'seq') {
    return node;
  }
  const items: Node[] = [];
  for (const [index, item] of node.items.entries()) {
    if (item.kind !== 'scalar' || item.value === null || typeof item.value === 'boolean') {
      items.push(item);
      continue;
    }
    if (items.length > mostPorts) {
      findings.error('COMPOSE_LIMIT', `${path.join('.')} has more than ${mostPorts} ports`, item);
      break;
    }
    const parsed = parsePorts(printScalar(item.value, item.float));
    if (parsed.ports !== undefined) {
      items.push(...parsed.ports.map((port) => portNode(port, item)));
    } else if (lenient) {
      return node;
    } else {
      findings.error(
        'COMPOSE_VALUE_INVALID',
        `${[...path, index].join('.')}: "${item.value}": ${parsed.problem}`,
        item,
        { hint: 'Write [[IP:]PUBLISHED:]TARGET[/PROTOCOL], for example "8080:80".' },
      );
    }
  }
  return { ...node, items };
}

function portNode(port: ParsedPort, place: Place): Node {
  const map = mapAt(place, { mode: scalarAt(place, 'ingress') });
  if (port.hostIp !== undefined) {
    setChild(map, 'host_ip', scalarAt(place, port.hostIp));
  }
  setChild(map, 'target', scalarAt(place, port.target));
  if (port.published !== undefined) {
    setChild(map, 'published', scalarAt(place, port.published));
  }
  setChild(map, 'protocol', scalarAt(place, port.protocol));
  return map;
}

function mount(node: Node, { findings, path, lenient }: CanonicalContext): Node {
  if (!isText(node)) {
    return node;
  }
  const parsed = parseMount(node.value);
  if (parsed.problem !== undefined) {
    if (!lenient) {
      findings.error('COMPOSE_VALUE_INVALID', `${path.join('.')}: ${parsed.problem}`, node, {
        hint: 'Write SOURCE:TARGET or SOURCE:TARGET:ro, or a mapping with type, source, target.',
      });
    }
    return node;
  }
  const map = mapAt(node, { type: scalarAt(node, parsed.type) });
  const set = (into: MapNode, key: string, value: string | boolean | undefined) => {
    if (value !== undefined && value !== false) {
      setChild(into, key, scalarAt(node, value));
    }
  };
  set(map, 'source', parsed.source);
  set(map, 'target', cleanPath(parsed.target ?? ''));
  set(map, 'read_only', parsed.readOnly);
  if (parsed.type === 'bind' || parsed.propagation !== undefined || parsed.selinux !== undefined) {
    const bind = mapAt(node);
    set(bind, 'selinux', parsed.selinux);
    set(bind, 'propagation', parsed.propagation);
    // the short form has always made a missing host folder
    set(bind, 'create_host_path', parsed.type === 'bind');
    setChild(map, 'bind', bind);
  }
  // a target of one or two letters has always come out without options
  if ((parsed.type === 'volume' && Buffer.byteLength(node.value) > 2) || parsed.nocopy === true) {
    const volume = mapAt(node);
    set(volume, 'nocopy', parsed.nocopy);
    setChild(map, 'volume', volume);
  }
  return map;
}

function external(node: Node, { findings, path }: CanonicalContext): Node {
  if (node.kind !== 'map') {
    return node;
  }
  const entry = node.entries.get('external');
  if (entry?.value.kind !== 'map') {
    return node;
  }
  const oldName = entry.value.entries.get('name')?.value;
  entry.value = scalarAt(entry.value, true);
  if (oldName === undefined || isNull(oldName)) {
    return node;
  }
  const name = node.entries.get('name')?.value;
  findings.warning('COMPOSE_DEPRECATED', `${path.join('.')}.external.name is deprecated`, oldName, {
    hint: 'Write `name:` beside `external: true`.',
  });
  if (name === undefined) {
    setChild(node, 'name', oldName);
  } else if (stringOf(name) !== stringOf(oldName)) {
    findings.error(
      'COMPOSE_CONFLICT',
      `${path.join('.')}: \`name\` and \`external.name\` differ`,
      oldName,
      { hint: 'Keep `name` alone.', related: [{ message: 'the other name', place: name }] },
    );
  }
  return node;
}

export function setDefault(map: MapNode, key: string, value: string | boolean): void {
  if (!map.entries.has(key)) {
    setChild(map, key, scalarAt(map, value));
  }
}

/** A path without `.`, `..` and double slashes, as Go's `path.Clean` leaves it. */
export function cleanPath(path: string): string {
  if (path === '') {
    return path;
  }
  const isAbsolute = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') {
      parts.pop();
    } else if (part === '..' ? !isAbsolute : part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  const clean = parts.join('/');
  return isAbsolute ? `/${clean}` : clean === '' ? '.' : clean;
}
