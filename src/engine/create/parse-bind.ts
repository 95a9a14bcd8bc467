import { AppError } from '../../core/index.ts';
import type { MountPropagation } from './mount-point.ts';

/** One entry of `HostConfig.Binds`: `SOURCE:TARGET[:OPTION,…]`. */
export interface Bind {
  /** An absolute path, or a volume's name. */
  readonly source: string;
  readonly isVolume: boolean;
  readonly target: string;
  readonly mode: string;
  readonly readOnly: boolean;
  readonly noCopy: boolean;
  readonly propagation: MountPropagation | '';
}

const propagations = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);
/** Options that mean something for SELinux or for Docker Desktop only, and nothing here. */
const withoutMeaning = new Set(['z', 'Z', 'consistent', 'cached', 'delegated', 'default']);
const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** @throws {AppError} `ENGINE_CREATE_OPTION_INVALID` */
export function parseBind(text: string): Bind {
  const parts = text.split(':');
  const [source, target, mode = ''] = parts;
  if (!source || !target || parts.length > 3) {
    throw invalid(text, 'it is not SOURCE:TARGET[:OPTIONS]');
  }
  if (!target.startsWith('/') || target === '/') {
    throw invalid(text, `target "${target}" must be an absolute path below /`);
  }
  const isVolume = !source.startsWith('/');
  if (isVolume && !volumeName.test(source)) {
    throw invalid(
      text,
      `"${source}" is neither an absolute path nor a volume name ([a-zA-Z0-9][a-zA-Z0-9_.-])`,
    );
  }
  let readOnly = false;
  let noCopy = false;
  let propagation: MountPropagation | '' = '';
  for (const option of mode === '' ? [] : mode.split(',')) {
    if (option === 'ro' || option === 'readonly') readOnly = true;
    else if (option === 'nocopy' && isVolume) noCopy = true;
    else if (propagations.has(option) && !isVolume) propagation = option as MountPropagation;
    else if (option !== 'rw' && !withoutMeaning.has(option)) {
      throw invalid(text, `unknown option "${option}"`);
    }
  }
  return { source, isVolume, target, mode, readOnly, noCopy, propagation };
}

function invalid(text: string, why: string): AppError {
  return new AppError('ENGINE_CREATE_OPTION_INVALID', `HostConfig.Binds: "${text}": ${why}`);
}
