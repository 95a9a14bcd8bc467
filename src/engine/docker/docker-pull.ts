import { AppError } from '../../core/index.ts';
import { connect } from './connection.ts';
import { answered } from './refusal.ts';

/** One line of Docker's answer to a pull. */
interface PullLine {
  readonly error?: string;
}

/**
 * Has a Docker Engine pull an image.
 * @throws {AppError} `ENGINE_DOCKER_REFUSED` with Docker's words
 */
export async function dockerPull(
  address: string,
  reference: string,
  { platform, signal }: { readonly platform?: string | undefined; readonly signal?: AbortSignal },
): Promise<void> {
  const { docker, close } = connect(address);
  const stream = await answered(
    docker.pull(reference, {
      ...(platform === undefined ? {} : { platform }),
      ...(signal === undefined ? {} : { abortSignal: signal }),
    }),
  );
  let rest = '';
  try {
    for await (const bytes of stream) {
      const lines = `${rest}${bytes}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines.filter(Boolean)) {
        const { error } = JSON.parse(line) as PullLine;
        if (error !== undefined) throw new AppError('ENGINE_DOCKER_REFUSED', error);
      }
    }
  } finally {
    close();
  }
}
