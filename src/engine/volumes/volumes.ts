import { AppError } from '../../core/index.ts';
import {
  anonymousLabel,
  createVolume,
  findVolume,
  listVolumes,
  removeVolume,
  type VolumeRecord,
  volumeView,
} from '../../volume/index.ts';
import type { Filters, VolumeCreateOptions, VolumeInspectInfo } from '../api.ts';
import { type EngineContext, emit } from '../engine-context.ts';
import { labelsMatch, nameMatches } from '../observe/resource-filters.ts';
import { volumeUsers } from './volume-users.ts';

export function createEngineVolume(
  context: EngineContext,
  options: VolumeCreateOptions,
): VolumeInspectInfo {
  const record = createVolume(
    context.roots,
    options,
    new Date(context.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
  );
  emit(context, 'volume', 'create', { id: record.name, attributes: { driver: 'local' } });
  return volumeView(context.roots, record);
}

/** @throws {AppError} `VOLUME_NOT_FOUND` */
export function inspectVolume({ roots }: EngineContext, name: string): VolumeInspectInfo {
  return volumeView(roots, findVolume(roots, name));
}

/** @throws {AppError} `VOLUME_IN_USE`, `VOLUME_NOT_FOUND` */
export async function removeEngineVolume(context: EngineContext, name: string): Promise<void> {
  findVolume(context.roots, name);
  const native = await context.native();
  await removeVolume(context.roots, native, name, volumeUsers(context, name));
  emit(context, 'volume', 'destroy', { id: name, attributes: { driver: 'local' } });
}

type Test = (volume: VolumeRecord, values: readonly string[], context: EngineContext) => boolean;

const filters: Readonly<Record<string, Test>> = {
  name: ({ name }, values) => nameMatches(name, values),
  label: ({ labels }, values) => labelsMatch(labels, values),
  driver: ({ driver }, values) => values.includes(driver),
  // `dangling=true`: mounted by no container.
  dangling: ({ name }, values, context) =>
    values.some((value) => /^(1|true)$/i.test(value) === (volumeUsers(context, name).length === 0)),
  anonymous: ({ labels }, values) =>
    values.some((value) => /^(1|true)$/i.test(value) === anonymousLabel in labels),
};

/** All volumes that meet the filters, by name. @throws {AppError} `ENGINE_FILTER_INVALID` */
export function listEngineVolumes(
  context: EngineContext,
  given: Filters = {},
): VolumeInspectInfo[] {
  const tests = Object.entries(given).map(([name, values]) => {
    const test = Object.hasOwn(filters, name) ? filters[name] : undefined;
    if (test === undefined) {
      const known = Object.keys(filters).join(', ');
      throw new AppError('ENGINE_FILTER_INVALID', `invalid filter '${name}'; known: ${known}`);
    }
    return (volume: VolumeRecord) => values.length === 0 || test(volume, values, context);
  });
  return listVolumes(context.roots)
    .filter((volume) => tests.every((test) => test(volume)))
    .map((volume) => volumeView(context.roots, volume));
}
