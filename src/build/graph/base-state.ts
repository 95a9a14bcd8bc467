import { isAppError } from '../../core/index.ts';
import {
  baseImage,
  type ExecutionConfig,
  formatFamiliar,
  parseReference,
  withDefaultTag,
} from '../../image/index.ts';
import type { Token } from '../dockerfile/ast.ts';
import { dockerfileError } from '../dockerfile/dockerfile-error.ts';
import { placed } from '../steps/copy-step.ts';
import type { BuildRun, SolvedStage } from './build-run.ts';
import { emptyState, type FileState, withLayer } from './file-state.ts';
import { defaultPath, withEnv } from './image-config.ts';

/** `FROM scratch`: no files, and a PATH. */
export function scratchBase(): SolvedStage {
  return {
    state: emptyState,
    steps: [],
    config: {
      execution: { Env: [`PATH=${defaultPath}`], WorkingDir: '/' },
      history: [],
      author: undefined,
      hasOwnCmd: false,
    },
    created: undefined,
    baseSize: 0,
  };
}

/**
 * An image of the store as the start of a stage, fetched where it is not there or must be fresh.
 * @throws {AppError} `IMAGE_NOT_FOUND`, `BUILD_UNSUPPORTED`, what pulling throws; at the token's place.
 */
export async function imageBase(
  run: BuildRun,
  reference: string,
  token: Token,
): Promise<SolvedStage> {
  const image = await findOrPull(run, reference, token);
  const { architecture, os } = image.config;
  if (os !== run.platform.os || architecture !== run.platform.architecture) {
    throw dockerfileError(
      token.range,
      `image ${reference} is for ${os}/${architecture}, the build is for ${run.platform.os}/${run.platform.architecture}`,
      { code: 'IMAGE_PLATFORM_UNSUPPORTED' },
    );
  }
  const execution = withoutOwnLabels(image.config.config ?? {});
  const hasPath = execution.Env?.some((entry) => entry.startsWith('PATH='));
  return {
    state: image.layers.reduce<FileState>(
      (state, layer) => withLayer(state, { kind: 'stored', layer }),
      emptyState,
    ),
    config: {
      execution: hasPath
        ? execution
        : { ...execution, Env: withEnv(execution.Env, 'PATH', defaultPath) },
      history: [...(image.config.history ?? [])],
      author: image.config.author,
      hasOwnCmd: false,
    },
    steps: [],
    created: image.config.created,
    baseSize: image.size,
  };
}

/** Labels by which `image bootstrap` finds again what it made; an image that is built on it is none of its. */
function withoutOwnLabels({ Labels, ...execution }: ExecutionConfig): ExecutionConfig {
  const labels = Object.entries(Labels ?? {}).filter(
    ([name]) => !name.startsWith('coracle.bootstrap.'),
  );
  return labels.length === 0 ? execution : { ...execution, Labels: Object.fromEntries(labels) };
}

async function findOrPull(run: BuildRun, reference: string, token: Token) {
  const { roots, pullImage } = run.builder;
  const isId = /^sha256:[0-9a-f]{64}$/.test(reference);
  if (!run.options.pull || pullImage === undefined || isId) {
    try {
      return baseImage(roots, reference);
    } catch (error) {
      if (!isAppError(error, 'IMAGE_NOT_FOUND') || pullImage === undefined) {
        throw placed(error, token.range);
      }
    }
  }
  const name = formatFamiliar(withDefaultTag(parseReference(reference)));
  try {
    await run.progress.run(`[internal] pull ${name}`, async (reporter) => {
      reporter.start();
      await pullImage?.(name, run.signal);
    });
    return baseImage(roots, reference);
  } catch (error) {
    throw placed(error, token.range);
  }
}
