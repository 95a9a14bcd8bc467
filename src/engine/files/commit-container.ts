import { deriveImage, type ExecutionConfig } from '../../image/index.ts';
import { pauseContainer, unpauseContainer } from '../control/control-container.ts';
import type { ContainerConfig } from '../create/merge-image-config.ts';
import { type EngineContext, emitContainer } from '../engine-context.ts';
import { observeContainer } from '../observe/observed-containers.ts';
import { changedLayer } from './container-files.ts';

export interface CommitOptions {
  /** `NAME[:TAG]`; an image without a name when left out. */
  readonly name?: string;
  readonly author?: string;
  readonly comment?: string;
  /** Instructions as in a Dockerfile. */
  readonly changes?: readonly string[];
  /** Stop its processes meanwhile, so that no half-written file is kept. */
  readonly pause: boolean;
}

/**
 * Makes an image of what a container has changed.
 * @returns the image's id.
 * @throws {AppError} `ENGINE_CONTAINER_NOT_FOUND`, `IMAGE_CHANGE_INVALID`, `IMAGE_REFERENCE_INVALID`
 */
export async function commitContainer(
  context: EngineContext,
  idOrName: string,
  options: CommitOptions,
): Promise<string> {
  const { record, state } = observeContainer(context, idOrName);
  const { config } = record;
  const pauses = options.pause && state.status === 'running';
  if (pauses) await pauseContainer(context, record.id);
  try {
    const reader = changedLayer(context, record.id);
    const id = await deriveImage(record.imageId, async () => reader.stream, {
      roots: context.roots,
      native: context.nativeBinary,
      config: executionConfig(config),
      created: context.timestamp(),
      createdBy: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].join(' '),
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.author === undefined ? {} : { author: options.author }),
      ...(options.comment === undefined ? {} : { comment: options.comment }),
      changes: options.changes ?? [],
    });
    await reader.done;
    emitContainer(context, 'commit', record, { comment: options.comment ?? '' });
    return id;
  } finally {
    if (pauses) await unpauseContainer(context, record.id);
  }
}

/** What a container was made with, as far as an image can say it. */
function executionConfig(config: ContainerConfig): ExecutionConfig {
  const keys = [
    ...['User', 'ExposedPorts', 'Env', 'Entrypoint', 'Cmd', 'Volumes', 'WorkingDir', 'Labels'],
    ...['StopSignal', 'Healthcheck', 'OnBuild', 'Shell'],
  ];
  return Object.fromEntries(
    keys.flatMap((key) =>
      config[key as keyof ContainerConfig] ? [[key, config[key as keyof ContainerConfig]]] : [],
    ),
  ) as ExecutionConfig;
}
