import { AppError } from '../../core/index.ts';
import type { RuntimeContainer } from '../../runtime/index.ts';

const units: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
const defaultMaxSize = 10 * 1024 ** 2;
const defaultMaxFiles = 3;

/**
 * Rotation of a container's log. `json-file` and `local` both mean our own log, which answers all that theirs do.
 * @throws {AppError} `ENGINE_CREATE_OPTION_UNSUPPORTED` for a driver that sends lines elsewhere.
 */
export function logRotation(
  config: { Type: string; Config?: unknown } | null | undefined,
): RuntimeContainer['log'] {
  const type = config?.Type || 'json-file';
  if (type === 'none') return { driver: 'none', maxSizeBytes: defaultMaxSize, maxFiles: 1 };
  if (type !== 'json-file' && type !== 'local' && type !== 'cri') {
    throw new AppError(
      'ENGINE_CREATE_OPTION_UNSUPPORTED',
      `HostConfig.LogConfig: log driver "${type}" is not supported`,
      { hint: 'Use json-file, local or none.' },
    );
  }
  let maxSizeBytes = defaultMaxSize;
  let maxFiles = defaultMaxFiles;
  let compress = true;
  for (const [key, value] of Object.entries((config?.Config ?? {}) as Record<string, string>)) {
    if (key === 'max-size') maxSizeBytes = size(value);
    else if (key === 'max-file') maxFiles = count(value);
    else if (key === 'compress') compress = flag(value);
    else if (key !== 'mode') {
      throw new AppError(
        'ENGINE_CREATE_OPTION_UNSUPPORTED',
        `HostConfig.LogConfig: option "${key}" of log driver ${type} is not supported`,
      );
    }
  }
  return { driver: 'cri', maxSizeBytes, maxFiles, compress };
}

function size(text: string): number {
  // Docker takes -1 for "without end".
  if (text === '-1') return Number.MAX_SAFE_INTEGER;
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmg]?)i?b?$/i.exec(text) ?? [];
  if (number === undefined) throw invalid('max-size', text);
  return Math.floor(Number(number) * (units[unit.toLowerCase()] ?? 1));
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw invalid('max-file', text);
  return number;
}

function flag(text: string): boolean {
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw invalid('compress', text);
}

function invalid(key: string, value: string): AppError {
  return new AppError(
    'ENGINE_CREATE_OPTION_INVALID',
    `HostConfig.LogConfig: ${key} cannot be "${value}"`,
  );
}
