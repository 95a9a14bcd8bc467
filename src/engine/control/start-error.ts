import { AppError, isAppError } from '../../core/index.ts';
import type { ContainerRecord } from '../container-record.ts';
import { commandLine } from '../observe/container-info.ts';

/**
 * A native failure as the failure of this container's start: what a user calls the thing that is wrong, with the exit
 * code that Docker gives a container which never ran.
 * @param portTaken  the error for a port as the native side writes it (`tcp/0.0.0.0:8080`).
 */
export function startError(
  error: unknown,
  record: ContainerRecord,
  portTaken: (place: string) => AppError | undefined,
): unknown {
  if (!isAppError(error)) return error;
  const before = `cannot start container ${record.name}`;
  const command = commandLine(record.config)[0] ?? '';
  const rename = (cause: AppError, message: string, exitCode: number) =>
    new AppError(cause.code, `${before}: ${message}`, {
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      cause,
      details: { ...cause.details, container: record.name },
      exitCode,
    });
  switch (error.code) {
    case 'NATIVE_COMMAND_NOT_FOUND': {
      const why = command.includes('/')
        ? 'no such file or directory'
        : 'executable file not found in $PATH';
      return rename(error, `exec: "${command}": ${why}`, 127);
    }
    case 'NATIVE_COMMAND_NOT_EXECUTABLE':
      return rename(error, `exec: "${command}": ${error.details.message}`, 126);
    case 'PORT_ALREADY_ALLOCATED': {
      const taken = portTaken(String(error.details.path ?? '')) ?? error;
      return rename(taken, taken.message, 125);
    }
    case 'NATIVE_FAILED':
      return new AppError('ENGINE_START_FAILED', `${before}: ${error.message}`, {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        cause: error,
        details: { ...error.details, container: record.name },
      });
    default:
      // What the machine lacks or refuses keeps its own code.
      return /^(?:HOST_|NETWORK_NFTABLES_)/.test(error.code)
        ? rename(error, error.message, 125)
        : error;
  }
}
