import { isAbsolute } from 'node:path';
import { AppError } from '../core/index.ts';

/** What of a volume is mounted into a container. */
export type VolumeSource =
  /** Its own `_data` folder. */
  | { readonly kind: 'folder' }
  /** A folder of the host. */
  | {
      readonly kind: 'bind';
      readonly source: string;
      readonly recursive: boolean;
      readonly readOnly: boolean;
    }
  | { readonly kind: 'tmpfs'; readonly options: readonly string[] };

/**
 * Reads `driver_opts` of the local driver: `type`, `device` and `o`, as mount(8) has them.
 * @param volume its name, for messages.
 * @throws {AppError} `VOLUME_OPTION_UNSUPPORTED`
 */
export function readDriverOptions(
  volume: string,
  options: Readonly<Record<string, string>>,
): VolumeSource {
  const refuse = (what: string) =>
    new AppError('VOLUME_OPTION_UNSUPPORTED', `volume "${volume}": ${what}`);
  const unknown = Object.keys(options).find((key) => !['type', 'device', 'o'].includes(key));
  if (unknown !== undefined) throw refuse(`driver option "${unknown}" is not supported`);
  const { type = '', device = '', o = '' } = options;
  const flags = o === '' ? [] : o.split(',');
  if (type === '' && device === '' && flags.length === 0) return { kind: 'folder' };
  if (type === 'tmpfs') return { kind: 'tmpfs', options: flags };
  if (flags.includes('bind') || flags.includes('rbind')) {
    if (!['', 'none', 'bind'].includes(type))
      throw refuse(`type "${type}" does not go with a bind`);
    if (!isAbsolute(device)) throw refuse(`device "${device}" must be an absolute path`);
    const other = flags.find((flag) => !['bind', 'rbind', 'ro', 'rw'].includes(flag));
    if (other !== undefined) throw refuse(`mount option "${other}" is not supported with a bind`);
    return {
      kind: 'bind',
      source: device,
      recursive: flags.includes('rbind'),
      readOnly: flags.includes('ro'),
    };
  }
  throw refuse(`type "${type}" is not supported, only tmpfs and binds (o: bind) are`);
}
