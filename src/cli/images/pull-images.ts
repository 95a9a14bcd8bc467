import type { ProgressEvent } from '../../compose/execute/index.ts';
import { AppError } from '../../core/index.ts';
import { parsePlatform, pullImage } from '../../image/index.ts';
import type { CommandContext } from '../context.ts';
import { createRenderer } from '../progress/index.ts';
import { layerEvent } from './layer-event.ts';
import { registryOptions } from './registry-options.ts';

/** One image to pull, for one or more services. */
export interface WantedImage {
  readonly image: string;
  readonly platform: string | undefined;
}

/** An image that could not be pulled. */
export interface PullFailure {
  readonly wanted: WantedImage;
  readonly error: unknown;
}

export interface PullImagesOptions {
  readonly quiet: boolean;
  readonly signal?: AbortSignal;
  /** True for failures that are shown as a warning, as the image can be had in another way. */
  readonly mayFail?: (wanted: WantedImage) => boolean;
}

/** More images at once only wait for the same line and the same cores. */
const imagesAtOnce = 4;

/**
 * Pulls images side by side and shows how far they are, each layer and each image as a whole.
 * @returns what failed; everything else was pulled.
 */
export async function pullImages(
  context: CommandContext,
  images: readonly WantedImage[],
  { quiet, signal, mayFail = () => false }: PullImagesOptions,
): Promise<PullFailure[]> {
  const renderer = createRenderer(
    quiet ? { ...context.options, progress: 'quiet' } : context.options,
    context.host,
  );
  const startMs = context.host.monotonicMs();
  const { default: PQueue } = await import('p-queue');
  const queue = new PQueue({ concurrency: context.options.parallel ?? imagesAtOnce });
  const failures: PullFailure[] = [];
  const pull = async (wanted: WantedImage) => {
    const show = (state: ProgressEvent['state'], text: string) => {
      const atMs = context.host.monotonicMs() - startMs;
      renderer.event({ resource: { kind: 'Image', name: wanted.image }, state, text, atMs });
    };
    show('working', 'Pulling');
    try {
      await pullImage(wanted.image, {
        ...registryOptions(context),
        ...(wanted.platform ? { platform: parsePlatform(wanted.platform) } : {}),
        ...(signal === undefined ? {} : { signal }),
        onProgress: (progress) =>
          renderer.event(layerEvent(progress, context.host.monotonicMs() - startMs)),
      });
      show('done', 'Pulled');
    } catch (error) {
      failures.push({ wanted, error });
      const isWarning = mayFail(wanted);
      show(isWarning ? 'warning' : 'error', isWarning ? 'Warning' : 'Error');
    }
  };
  try {
    await Promise.all(images.map((wanted) => queue.add(() => pull(wanted))));
  } finally {
    renderer.close();
  }
  return failures;
}

/** One failure is thrown as it is; several together. */
export function throwPullFailures(failures: readonly PullFailure[]): void {
  const [first] = failures;
  if (first === undefined) return;
  if (failures.length === 1) throw first.error;
  throw new AppError('PROJECT_OPERATIONS_FAILED', `${failures.length} images could not be pulled`, {
    details: { errors: failures.map(({ error }) => error) },
  });
}
