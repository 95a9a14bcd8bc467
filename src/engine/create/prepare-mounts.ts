import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/index.ts';
import { resolveImage } from '../../image/index.ts';
import { withProcessLock } from '../../state/index.ts';
import { createVolume, removeVolume, seedVolume, volumeSource } from '../../volume/index.ts';
import { type EngineContext, emit } from '../engine-context.ts';
import type { MountRequest } from './container-mounts.ts';
import type { Undo } from './create-container.ts';
import type { MountPoint } from './mount-point.ts';

/**
 * Makes what mounts stand on: volumes are created and filled from the image, missing folders of short binds are
 * made. A volume that somebody named outlives a failed creation, as in Docker; an anonymous one does not.
 * @param layers  of the container's image, topmost first.
 * @throws {AppError} `ENGINE_BIND_SOURCE_MISSING`, `VOLUME_…`, `IMAGE_NOT_FOUND`
 */
export async function prepareMounts(
  context: EngineContext,
  requests: readonly MountRequest[],
  layers: readonly string[],
  undo: Undo,
): Promise<MountPoint[]> {
  // Cheap and fallible first: nothing is made where a source is missing.
  for (const request of requests) if (request.type === 'bind') checkBindSource(request);
  const mounts: MountPoint[] = [];
  for (const request of requests) {
    switch (request.type) {
      case 'bind':
        if (request.createSource && !isThere(request.source)) {
          mkdirSync(request.source, { recursive: true });
        }
        mounts.push(plain(request));
        break;
      case 'tmpfs':
        mounts.push(plain(request));
        break;
      case 'volume':
        mounts.push(await volumeMount(context, request, layers, undo));
        break;
      case 'image':
        mounts.push(imageMount(context, request));
        break;
    }
  }
  return mounts;
}

function checkBindSource({ source, createSource }: MountRequest): void {
  if (createSource || isThere(source)) return;
  throw new AppError(
    'ENGINE_BIND_SOURCE_MISSING',
    `invalid mount config for type "bind": bind source path does not exist: ${source}`,
    { details: { source } },
  );
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

async function volumeMount(
  context: EngineContext,
  request: MountRequest,
  layers: readonly string[],
  undo: Undo,
): Promise<MountPoint> {
  const { roots } = context;
  const record = createVolume(
    roots,
    {
      ...(request.volume === undefined ? {} : { Name: request.volume }),
      Driver: request.volumeDriver,
      Labels: { ...request.volumeLabels },
      ...(Object.keys(request.volumeOptions ?? {}).length === 0
        ? {}
        : { DriverOpts: { ...request.volumeOptions } }),
    },
    new Date(context.now()).toISOString(),
  );
  const { name } = record;
  if (request.volume === undefined) {
    undo.push(async () => removeVolume(roots, await context.native(), name, []));
    emit(context, 'volume', 'create', { id: name, attributes: { driver: 'local' } });
  }
  const source = volumeSource(record);
  if (source.kind === 'tmpfs') {
    return { ...plain(request), type: 'tmpfs', volume: name, options: source.options };
  }
  const target = request.target;
  // Nothing of the image belongs at a folder of the volume.
  const noCopy = request.noCopy === true || request.subpath !== undefined;
  // Under a lock: a second container of this moment must not copy while the first one already runs.
  await withProcessLock(join(roots.run, 'locks', `volume-${name}`), async () =>
    seedVolume(roots, await context.native(), {
      volume: name,
      lower: layers,
      path: target,
      noCopy,
    }),
  );
  return {
    ...plain(request),
    volume: name,
    source: source.kind === 'bind' ? source.source : join(roots.data, 'volumes', name, '_data'),
    ...(source.kind === 'bind' && !source.recursive ? { nonRecursive: true } : {}),
    readOnly: request.readOnly || (source.kind === 'bind' && source.readOnly),
  };
}

/** An image of one layer is that layer's folder; several would have to be laid over each other first. */
function imageMount({ roots }: EngineContext, request: MountRequest): MountPoint {
  const { layerPaths } = resolveImage(roots, request.source);
  const [layer, ...more] = layerPaths;
  if (layer === undefined || more.length > 0) {
    throw new AppError(
      'ENGINE_CREATE_OPTION_UNSUPPORTED',
      `mount of image ${request.source} at ${request.target}: only images of one layer can be mounted, it has ${layerPaths.length}`,
    );
  }
  return { ...plain(request), lower: layerPaths, source: layer };
}

/** The mount without what only its preparation needs. */
function plain(request: MountRequest): MountPoint {
  const { createSource, volumeLabels, volumeDriver, volumeOptions, ...mount } = request;
  return mount;
}
