import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, CleanupError } from '../../core/index.ts';
import { type ImageForRun, resolveImage } from '../../image/index.ts';
import {
  newContainerId,
  openContainerFolder,
  publishContainerFolder,
  releaseName,
  reserveName,
  shortId,
  writeUnpublished,
} from '../../state/index.ts';
import type { ContainerCreateOptions } from '../api.ts';
import type { ContainerRecord, HostConfig } from '../container-record.ts';
import { type EngineContext, emitContainer } from '../engine-context.ts';
import { findContainer } from '../find-container.ts';
import { checkPublished } from '../networks/published-endpoint.ts';
import { reserveEndpoints } from '../networks/reserve-endpoints.ts';
import { writeStoppedNames } from '../networks/stopped-names.ts';
import { signalName } from '../signal-name.ts';
import { autoRemovePath } from './auto-remove.ts';
import { writeContainerBundle } from './bundle.ts';
import { checkOptions } from './check-options.ts';
import { containerMounts } from './container-mounts.ts';
import { checkContainerName, defaultContainerName } from './container-name.ts';
import { hostFiles } from './host-files.ts';
import { mergeImageConfig } from './merge-image-config.ts';
import { networkRequest } from './network-mode.ts';
import { prepareMounts } from './prepare-mounts.ts';
import { publishedPorts } from './published-ports.ts';

/** Steps back, last one first, when a creation fails. */
export type Undo = (() => void | Promise<void>)[];

/**
 * Creates a container: everything that can be wrong with the options is found before anything is reserved, and the
 * container exists only from the last step on, so that a failure or a kill in the middle leaves nothing that counts.
 * @returns its id.
 * @throws {AppError} `ENGINE_NAME_CONFLICT`, `ENGINE_CREATE_OPTION_…`, `IMAGE_NOT_FOUND`, `NETWORK_…`, `VOLUME_…`, …
 */
export async function createContainer(
  context: EngineContext,
  options: ContainerCreateOptions,
): Promise<string> {
  const { roots } = context;
  options.abortSignal?.throwIfAborted();
  checkOptions(options);
  const image = resolveImage(roots, options.Image ?? '');
  checkPlatform(options, image);
  const id = newContainerId();
  const config = mergeImageConfig(options, image.config, defaultHostname(context, options, id));
  const hostConfig = resolvedHostConfig(context, options.HostConfig ?? {});
  if (config.StopSignal !== undefined) signalName(config.StopSignal);
  const name = options.name
    ? checkContainerName(options.name)
    : defaultContainerName(config.Image, id);
  const ports = publishedPorts(
    hostConfig.PortBindings,
    config.ExposedPorts ?? {},
    hostConfig.PublishAllPorts ?? false,
    hostFiles(context).hasIpv6 ? ['0.0.0.0', '::'] : ['0.0.0.0'],
  );
  const request = networkRequest(options, ports, (other) => findContainer(roots, other).id);
  const mounts = containerMounts({
    binds: hostConfig.Binds ?? [],
    mounts: hostConfig.Mounts ?? [],
    tmpfs: hostConfig.Tmpfs ?? {},
    volumes: config.Volumes ?? {},
    inherited: inheritedMounts(context, hostConfig.VolumesFrom),
  });

  const undo: Undo = [];
  try {
    const folder = openContainerFolder(roots, id);
    undo.push(() => rmSync(folder, { recursive: true, force: true }));
    const holder = reserveName(roots, name, id);
    if (holder !== undefined) throw nameConflict(name, holder);
    undo.push(() => releaseName(roots, name, id));
    const owner = { id, rememberAs: isOneOff(options) ? undefined : options.name };
    const endpoints = await reserveEndpoints(context, owner, request.endpoints, undo);
    checkPublished({ name, ports, endpoints });
    const record: ContainerRecord = {
      version: 1,
      id,
      name,
      created: context.timestamp(),
      imageId: image.id,
      config,
      hostConfig: {
        ...hostConfig,
        NetworkMode:
          request.mode.kind === 'join'
            ? `container:${request.mode.container}`
            : (request.endpoints[0]?.network ?? request.mode.kind),
      },
      mounts: await prepareMounts(context, mounts, image.layerPaths, undo),
      networkMode: request.mode,
      endpoints,
      ports,
    };
    writeContainerBundle(context, record, { folder, layers: image.layerPaths });
    writeUnpublished(join(folder, 'container.json'), JSON.stringify(record));
    if (hostConfig.AutoRemove) {
      const mark = autoRemovePath(roots, id);
      undo.push(() => rmSync(mark, { force: true }));
      mkdirSync(join(mark, '..'), { recursive: true });
      writeUnpublished(mark, '');
    }
    options.abortSignal?.throwIfAborted();
    writeStoppedNames(roots, record, undo);
    publishContainerFolder(roots, id);
    emitContainer(context, 'create', record);
    return id;
  } catch (error) {
    throw await undone(undo, error);
  }
}

/** Docker's rule: the image that is there, and is not for the platform that is asked for, is not the image. */
function checkPlatform(options: ContainerCreateOptions, image: ImageForRun): void {
  const [os, architecture] = (options.platform ?? '').split('/');
  if (!os || (os === 'linux' && (!architecture || architecture === image.architecture))) return;
  throw new AppError(
    'ENGINE_PLATFORM_MISMATCH',
    `image ${image.reference} is for linux/${image.architecture}, not for ${options.platform}`,
  );
}

/** A container of `run`: none of its name comes again. */
function isOneOff({ Labels }: ContainerCreateOptions): boolean {
  return Labels?.['com.docker.compose.oneoff'] === 'True';
}

/** Undoes in reverse order, goes on after a failure, and never hides the first cause. */
async function undone(undo: Undo, cause: unknown): Promise<unknown> {
  const failures: unknown[] = [];
  for (const step of undo.reverse()) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 0) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CleanupError([cause, ...failures], `${message} (and could not be undone in full)`);
}

function nameConflict(name: string, holder: string): AppError {
  return new AppError(
    'ENGINE_NAME_CONFLICT',
    `the container name "/${name}" is already in use by container ${holder}`,
    { details: { name, container: holder } },
  );
}

/** The short id; in the network of another container, or of the host, that one's name. */
function defaultHostname(
  context: EngineContext,
  options: ContainerCreateOptions,
  id: string,
): string {
  const mode = options.HostConfig?.NetworkMode ?? '';
  if (mode.startsWith('container:')) {
    return findContainer(context.roots, mode.slice('container:'.length)).config.Hostname;
  }
  return mode === 'host' ? hostFiles(context).hostname : shortId(id);
}

/** The host configuration with the names of other containers replaced by their ids, which outlive a rename. */
function resolvedHostConfig({ roots }: EngineContext, host: HostConfig): HostConfig {
  const resolved: HostConfig = { ...host };
  for (const key of ['PidMode', 'IpcMode'] as const) {
    const mode = host[key];
    if (!mode?.startsWith('container:')) continue;
    resolved[key] = `container:${findContainer(roots, mode.slice('container:'.length)).id}`;
  }
  return resolved;
}

/** `HostConfig.VolumesFrom`: `CONTAINER[:ro|:rw]`. */
function inheritedMounts({ roots }: EngineContext, sources: unknown) {
  return ((sources ?? []) as string[]).flatMap((source) => {
    const [, name = '', mode] = /^(.*?)(?::(ro|rw))?$/.exec(source) ?? [];
    return findContainer(roots, name)
      .mounts.filter(({ type }) => type === 'bind' || type === 'volume')
      .map((mount) => ({ ...mount, readOnly: mode === 'ro' || mount.readOnly }));
  });
}
