import { errorTable } from './entry.ts';

export const volumeErrorCodes = errorTable({
  VOLUME_NAME_INVALID: {
    meaning: 'A volume cannot have this name.',
    causes: ['a character other than letters, digits, `_`, `.` and `-`', 'a name of one character'],
    hint: 'Use at least two letters, digits, `_`, `.` or `-`; a host folder is given as an absolute path.',
    httpStatus: 400,
  },
  VOLUME_NAME_TAKEN: {
    meaning: 'A volume of this name exists with another driver or other driver options.',
    causes: ['it was created before with other options'],
    hint: 'Remove the volume (its data are lost), or choose another name.',
    httpStatus: 409,
  },
  VOLUME_NOT_FOUND: {
    meaning: 'No volume has this name.',
    causes: ['it was removed', 'a typing error', 'another data folder (CORACLE_DATA)'],
    hint: 'List the volumes there are with `coracle volume ls`.',
    httpStatus: 404,
  },
  VOLUME_IN_USE: {
    meaning: 'The volume cannot be removed, as containers use it.',
    causes: ['a container, running or stopped, mounts it'],
    hint: 'Remove the containers named above first.',
    httpStatus: 409,
  },
  VOLUME_DRIVER_UNSUPPORTED: {
    meaning: 'Only the volume driver `local` exists here.',
    causes: ['a volume plugin of Docker'],
    hint: 'Use `driver: local`.',
    httpStatus: 404,
  },
  VOLUME_OPTION_UNSUPPORTED: {
    meaning:
      'A driver option of the volume is unknown, or asks for a kind of mount that is not supported.',
    causes: ['a typing error in an option', 'options of another driver'],
    hint: 'Options are `type`, `device` and `o`; types are `none` with `o: bind`, and `tmpfs`.',
    httpStatus: 400,
  },
});
