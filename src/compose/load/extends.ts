import { dirname, isAbsolute, join, relative } from 'node:path';
import { applyResets } from './apply-resets.ts';
import { canonicalFile } from './canonical-file.ts';
import type { LoadScope } from './load-context.ts';
import { mergeTrees } from './merge/merge.ts';
import { nearest } from './nearest.ts';
import { resolvePaths } from './paths.ts';
import { fetchRemoteFile, isAllowed, isRemoteFile } from './remote.ts';
import {
  child,
  cloneNode,
  countNodes,
  isNull,
  type MapNode,
  type Node,
  stringOf,
} from './yaml/node.ts';

/** A service on the way along `extends`, to notice when the way comes back. */
interface Visit {
  readonly file: string;
  readonly service: string;
}

interface ExtendsFile {
  readonly path: string;
  readonly services: MapNode;
  /** The tree as parsed, whose `!reset` marks apply to what its services extend. */
  readonly document: Node;
  /** Checkout that a remote file, and what it extends, must stay in. */
  readonly confinedTo: string | undefined;
}

/** Longest chain of services that extend each other. */
const longestChain = 200;

/** Replaces each service that has `extends` by the merge of what it extends and itself, in place. */
export function applyExtends(root: Node, document: Node, file: string, scope: LoadScope): void {
  const services = child(root, 'services');
  if (services?.kind !== 'map') {
    return;
  }
  const here: ExtendsFile = {
    path: file,
    services,
    document,
    confinedTo: scope.confinedTo,
  };
  const resolution = new ExtendsResolution(scope);
  for (const name of services.entries.keys()) {
    resolution.service(name, here, []);
  }
}

class ExtendsResolution {
  readonly #scope: LoadScope;
  readonly #files = new Map<string, ExtendsFile | undefined>();

  constructor(scope: LoadScope) {
    this.#scope = scope;
  }

  /** The service with all that it extends merged in; `undefined` where something on the way is missing. */
  service(name: string, file: ExtendsFile, way: readonly Visit[]): Node | undefined {
    const entry = file.services.entries.get(name);
    const service = entry?.value;
    const reference = child(service, 'extends');
    if (entry === undefined || service?.kind !== 'map' || reference === undefined) {
      return service;
    }
    const found = this.#follow(name, reference, file);
    if (found !== undefined && isNull(child(found.file.services, found.service))) {
      // nothing to extend by; Compose leaves the key in the model
      return service;
    }
    service.entries.delete('extends');
    if (found === undefined) {
      this.#scope.shared.refused.add(`services.${name}.extends`);
      return service;
    }
    const next = [...way, { file: file.path, service: name }];
    if (this.#isCircle(next, { file: found.file.path, service: found.service }, reference)) {
      return service;
    }
    const base = this.service(found.service, found.file, next);
    if (base?.kind !== 'map') {
      return service;
    }
    const { budget, findings } = this.#scope.shared;
    if (budget.isSpent || !budget.spend(countNodes(base))) {
      if (budget.takeReport()) {
        findings.error(
          'COMPOSE_LIMIT',
          'services extend each other to more values than a project can have',
          reference,
        );
      }
      return service;
    }
    const source = cloneNode(base);
    const marked = child(child(file.document, 'services'), name);
    if (marked !== undefined) {
      applyResets(source, marked, service);
    }
    entry.value = mergeTrees(source, service, findings, ['services', name]);
    return entry.value;
  }

  #follow(
    name: string,
    reference: Node,
    file: ExtendsFile,
  ): { file: ExtendsFile; service: string } | undefined {
    const { findings } = this.#scope.shared;
    const target = stringOf(reference) ?? stringOf(child(reference, 'service'));
    const targetNode = child(reference, 'service') ?? reference;
    if (target === undefined) {
      findings.error(
        'COMPOSE_KEY_REQUIRED',
        `services.${name}.extends must name a \`service\``,
        reference,
      );
      return undefined;
    }
    const fileNode = child(reference, 'file');
    const isHere = fileNode === undefined || isNull(fileNode);
    const from = isHere ? file : this.#load(fileNode, file.confinedTo);
    if (from === undefined) {
      return undefined;
    }
    if (!from.services.entries.has(target)) {
      const guess = nearest(target, [...from.services.entries.keys()]);
      findings.error(
        'COMPOSE_EXTENDS_INVALID',
        `service "${name}" extends "${target}", which ${from === file ? 'this file' : from.path} does not define`,
        targetNode,
        guess === undefined ? {} : { hint: `Did you mean "${guess}"?` },
      );
      return undefined;
    }
    return { file: from, service: target };
  }

  #load(node: Node, confinedTo: string | undefined): ExtendsFile | undefined {
    const { shared, workingDir } = this.#scope;
    const name = stringOf(node);
    if (name === undefined) {
      shared.findings.error('COMPOSE_TYPE_MISMATCH', '`extends.file` must be a string', node);
      return undefined;
    }
    const isRemote = isRemoteFile(name);
    const path = isRemote || isAbsolute(name) ? name : join(workingDir, name);
    if (!isRemote && !isAllowed(path, node, confinedTo, shared)) {
      return undefined;
    }
    // the same file may be confined on one way and not on another
    const key = `${confinedTo ?? ''}\n${path}`;
    if (!this.#files.has(key)) {
      this.#files.set(
        key,
        isRemote ? this.#fetch(name, node, confinedTo) : this.#read(path, node, confinedTo),
      );
    }
    return this.#files.get(key);
  }

  #fetch(address: string, node: Node, from: string | undefined): ExtendsFile | undefined {
    const fetched = fetchRemoteFile(address, node, this.#scope.shared, from);
    return fetched === undefined ? undefined : this.#read(fetched.file, node, fetched.confinedTo);
  }

  #read(path: string, node: Node, confinedTo: string | undefined): ExtendsFile | undefined {
    const { shared, workingDir } = this.#scope;
    const loaded = canonicalFile(path, this.#scope, node);
    if (loaded === undefined) {
      return undefined;
    }
    const services = child(loaded.root, 'services');
    if (services?.kind !== 'map') {
      shared.findings.error('COMPOSE_EXTENDS_INVALID', `${path} defines no services`, node);
      return undefined;
    }
    const folder = dirname(path);
    // an absolute path can be held against the folder that it must stay in
    const base = confinedTo === undefined ? relative(workingDir, folder) : folder;
    const { reader, findings, home } = shared;
    resolvePaths(loaded.root, { base, reader, findings, home, confinedTo });
    return { path, services, document: loaded.document, confinedTo };
  }

  #isCircle(way: readonly Visit[], next: Visit, reference: Node): boolean {
    const { findings } = this.#scope.shared;
    const start = way.findIndex((one) => one.file === next.file && one.service === next.service);
    if (start === -1 && way.length < longestChain) {
      return false;
    }
    const names = [...way.slice(Math.max(start, 0)), next].map((one) => one.service);
    // What they all lack for it is no further mistake.
    for (const { file, service } of way) {
      if (file === way[0]?.file) this.#scope.shared.refused.add(`services.${service}.extends`);
    }
    const shown = names.length > 12 ? [...names.slice(0, 11), '…'] : names;
    findings.error(
      'COMPOSE_EXTENDS_INVALID',
      start === -1
        ? `more than ${longestChain} services extend each other in a row`
        : `services extend each other in a circle: ${shown.join(' -> ')}`,
      reference,
      { hint: 'Move what they share into a service that extends nothing.' },
    );
    return true;
  }
}
