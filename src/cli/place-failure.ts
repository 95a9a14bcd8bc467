import type { OperationFailure } from '../compose/execute/index.ts';
import type { Service } from '../compose/model/index.ts';
import { AppError, isAppError } from '../core/index.ts';
import type { LoadedProject } from './context.ts';

/**
 * A failure of the engine with the place in the user's file that it comes from (`details.range`): the port that is taken, the
 * command that the image lacks. Errors that no key is to blame for stay as they are.
 */
export function placeFailure(
  { project, origins }: Pick<LoadedProject, 'project' | 'origins'>,
  { operation, error }: OperationFailure,
): unknown {
  const { service } = operation;
  const definition = service === undefined ? undefined : project.services[service];
  if (!isAppError(error) || definition === undefined) return error;
  const key = blamedKey(error, definition);
  if (key === undefined) return error;
  const range = origins.origin(`services.${service}.${key}`);
  if (range === undefined) return error;
  return new AppError(error.code, error.message, {
    cause: error,
    details: { ...error.details, range },
    exitCode: error.exitCode,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

/** Path of the key below the service; a service whose command is the image's own has its `image` to blame. */
function blamedKey({ code, details }: AppError, service: Service): string | undefined {
  switch (code) {
    case 'PORT_ALREADY_ALLOCATED': {
      const index = (service.ports ?? []).findIndex(
        ({ published, protocol }) =>
          (protocol ?? 'tcp') === details.protocol && includesPort(published, details.hostPort),
      );
      return index === -1 ? undefined : `ports.${index}`;
    }
    case 'NATIVE_COMMAND_NOT_FOUND':
    case 'NATIVE_COMMAND_NOT_EXECUTABLE':
      if (service.entrypoint != null) return 'entrypoint';
      return service.command != null ? 'command' : 'image';
    default:
      return undefined;
  }
}

/** `8080`, or a range `8000-8010` of which one is chosen. */
function includesPort(published: string | undefined, port: unknown): boolean {
  const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(published ?? '') ?? [];
  if (first === undefined) return false;
  return Number(first) <= Number(port) && Number(port) <= Number(last ?? first);
}
