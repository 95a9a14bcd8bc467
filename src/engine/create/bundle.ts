import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveImage } from '../../image/index.ts';
import { replaceBundle, writeBundle } from '../../runtime/index.ts';
import { containerPaths, writeNamed } from '../../state/index.ts';
import type { ContainerRecord } from '../container-record.ts';
import type { EngineContext } from '../engine-context.ts';
import { findContainer } from '../find-container.ts';
import { type EtcFiles, etcFiles, upstreams } from './etc-files.ts';
import { hostFiles } from './host-files.ts';
import { runtimeContainer } from './runtime-container.ts';

/** Where a bundle is written to and what its root file system is made of. */
export interface BundlePlace {
  /** The container's folder, or the one in which it is being prepared. */
  readonly folder: string;
  /** Layers of the image, topmost first. */
  readonly layers: readonly string[];
  /** Pids of the containers whose namespaces are shared; known at the start only. */
  readonly pids?: ReadonlyMap<string, number>;
  /** The container is never published: it stays in this folder, and nobody is told of it. */
  readonly isPrivate?: boolean;
}

/** Writes `config.json`, `shim.json` and the files of `/etc`. */
export function writeContainerBundle(
  context: EngineContext,
  record: ContainerRecord,
  { folder, layers, pids = new Map(), isPrivate }: BundlePlace,
): void {
  const { resolvConf, hosts } = hostFiles(context);
  const files = etcFiles(record, {
    hostResolvConf: resolvConf,
    hostHosts: hosts,
    links: linkedAddresses(context, record),
    ...joinedFiles(context, record),
  });
  writeNamed(join(folder, 'hosts'), files.hosts, { mode: 0o644 });
  writeNamed(join(folder, 'hostname'), files.hostname, { mode: 0o644 });
  writeNamed(join(folder, 'resolv.conf'), files.resolvConf, { mode: 0o644 });
  const container = runtimeContainer(record, {
    roots: context.roots,
    nativeBinary: context.nativeBinary,
    layers,
    upstreams: upstreams(record, resolvConf),
    pids,
  });
  // A step of a build has no variable but those that its Dockerfile gives it, and nobody but this process to end it.
  const given = isPrivate ? { ...container, isEnvWhole: true, diesWithClient: true } : container;
  writeBundle(context.roots, folder, given, isPrivate);
}

/** Writes the bundle of a container again that depends on others: on their pids, or on their addresses. */
export function rewriteBundle(
  context: EngineContext,
  record: ContainerRecord,
  pids: ReadonlyMap<string, number>,
): void {
  const { layerPaths: layers } = resolveImage(context.roots, record.imageId);
  const { dir: folder } = containerPaths(context.roots, record.id);
  writeContainerBundle(context, record, { folder, layers, pids });
}

/** Writes the specs of a container that may run at this moment anew; the files of `/etc` stay as they are. */
export function updateBundle(
  context: EngineContext,
  record: ContainerRecord,
  pids: ReadonlyMap<string, number>,
): void {
  const { layerPaths: layers } = resolveImage(context.roots, record.imageId);
  const { roots, nativeBinary } = context;
  const names = upstreams(record, hostFiles(context).resolvConf);
  const container = runtimeContainer(record, {
    roots,
    nativeBinary,
    layers,
    upstreams: names,
    pids,
  });
  replaceBundle(roots, container);
}

/** A container that shares another's network has the same names and the same resolver. */
function joinedFiles(
  { roots }: EngineContext,
  { networkMode }: ContainerRecord,
): { joined?: EtcFiles } {
  if (networkMode.kind !== 'join') return {};
  const { dir } = containerPaths(roots, networkMode.container);
  const read = (name: string) => readFileSync(join(dir, name), 'utf8');
  return {
    joined: { hosts: read('hosts'), hostname: read('hostname'), resolvConf: read('resolv.conf') },
  };
}

/** The containers that are linked (`CONTAINER:ALIAS`) and share a network with this one. */
function linkedAddresses({ roots }: EngineContext, record: ContainerRecord) {
  return record.endpoints.flatMap(({ links, networkId }) =>
    links.flatMap((link) => {
      const [name = '', alias = name] = link.split(':');
      const other = findContainer(roots, name);
      return other.endpoints
        .filter((endpoint) => endpoint.networkId === networkId)
        .map(({ address }) => ({ address, names: [alias, other.name] }));
    }),
  );
}
