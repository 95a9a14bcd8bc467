import { AppError } from '../../core/index.ts';

/** What dockerode throws where Docker has said no. */
interface Refusal {
  readonly statusCode?: number;
  readonly json?: { readonly message?: string } | null;
  readonly code?: string;
}

/**
 * Docker's answer, with a refusal as an error of ours: Docker's own words, and its status for those who look at `statusCode`.
 * @throws {AppError} `ENGINE_DOCKER_REFUSED`, `ENGINE_DOCKER_UNREACHABLE`
 */
export async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw refused(error);
  }
}

/** The same for what may be so already: Docker answers 304 to the start of a container that runs. */
export async function unlessThatAlready(answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if ((error as Refusal).statusCode !== 304) throw refused(error);
  }
}

function refused(cause: unknown): unknown {
  const { statusCode, json, code } = cause as Refusal;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (statusCode !== undefined) {
    const error = new AppError('ENGINE_DOCKER_REFUSED', json?.message ?? message, {
      cause,
      details: { statusCode },
    });
    return Object.defineProperty(error, 'statusCode', { value: statusCode });
  }
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'EACCES') {
    return new AppError('ENGINE_DOCKER_UNREACHABLE', `no Docker Engine answers: ${message}`, {
      cause,
    });
  }
  return cause;
}
