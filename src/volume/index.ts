/**
 * Named and anonymous volumes: records, validation, the decision to seed. Bytes are copied and trees removed by the native
 * side.
 *
 * A volume is the folder `<data>/volumes/<name>`: `volume.json` (written once), `_data` (the containers' own) and the
 * mark `seeded`. It comes and goes by a rename of that folder, so it never exists in part. Who uses a volume is
 * known by the engine and passed in.
 */
export { readDriverOptions, type VolumeSource } from './driver-options.ts';
export { type SeedOps, type SeedRequest, seedVolume } from './seed.ts';
export {
  findVolume,
  isVolumeName,
  listVolumes,
  readVolume,
  type VolumeRecord,
  volumePaths,
} from './volume-record.ts';
export {
  anonymousLabel,
  createVolume,
  removeVolume,
  type TreeOps,
  unfinishedVolumes,
  volumeSource,
  volumeView,
} from './volumes.ts';
