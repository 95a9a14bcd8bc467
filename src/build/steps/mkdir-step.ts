import type { SourceRange } from '../../core/index.ts';
import { digestKey } from '../cache/digest-key.ts';
import type { StepRecord } from '../cache/step-cache.ts';
import type { BuildRun } from '../graph/build-run.ts';
import { type FileState, layerFolders } from '../graph/file-state.ts';
import { applyTree } from '../native/tree.ts';
import type { VertexReporter } from '../progress.ts';
import { cachedStep } from './cached-step.ts';
import { ownerText, placed } from './copy-step.ts';
import { layerGone } from './file-source.ts';

/** WORKDIR: makes the folder where it is missing, as the stage's user's. */
export async function mkdirStep(
  run: BuildRun,
  state: FileState,
  folder: {
    readonly path: string;
    readonly user: string;
    readonly text: string;
    readonly range: SourceRange;
    readonly noCache: boolean;
  },
  reporter: VertexReporter,
): Promise<{ readonly key: string; readonly record: StepRecord }> {
  const key = digestKey('mkdir', state.id, folder.path, folder.user);
  const record = await cachedStep(run, {
    key,
    text: folder.text,
    noCache: folder.noCache,
    reporter,
    produce: async (work) => {
      const lower = layerFolders(state, run.cache);
      if (lower === undefined) throw layerGone();
      const target =
        lower.length === 0 ? { folder: work.upper } : { lower, upper: work.upper, work: work.work };
      try {
        await applyTree(
          run.builder.native,
          {
            target,
            roots: [],
            owners: [folder.user === '' ? '0:0' : ownerText(folder.user)],
            ops: [{ op: 'mkdir', to: folder.path, mode: 0o755, owner: 0 }],
            ...(run.epoch === undefined ? {} : { time: run.epoch }),
          },
          run.signal,
        );
      } catch (error) {
        throw placed(error, folder.range);
      }
    },
  });
  return { key, record };
}
