import type { PruneOptions } from '../../../build/index.ts';
import { AppError, parseByteSize, parseGoDuration } from '../../../core/index.ts';
import { defineCommand } from '../../command.ts';
import { formatBytes } from '../../text/format-bytes.ts';
import { confirms, forceFlag } from '../confirm.ts';
import { parseFilters } from '../image-filters.ts';

interface Flags {
  readonly all?: boolean;
  readonly filter?: readonly string[];
  readonly force?: boolean;
  readonly keepStorage?: string;
}

/** `coracle builder prune`. */
export const builderPrune = defineCommand<Flags>({
  name: 'prune',
  positional: '',
  summary: 'Remove build cache',
  flags: [
    {
      flags: '-a, --all',
      description: 'Also the steps whose layers images have: they are built anew',
    },
    { flags: '--filter <key=value>', description: 'until=24h: not used for so long', kind: 'list' },
    forceFlag,
    { flags: '--keep-storage <bytes>', description: 'Keep so much of what was used last' },
  ],
  examples: ['coracle builder prune', 'coracle builder prune -f --filter until=72h'],
  async run(context, _args, flags) {
    const which = flags.all ? 'all build cache' : 'all build cache that no image has';
    if (!flags.force && !(await confirms(context, `This will remove ${which}.`))) return 0;
    const options = pruneOptions(flags, context.host.now());
    const { pruneBuildCache } = await import('../../../build/index.ts');
    const { removed, bytes } = await pruneBuildCache(context.roots, options);
    if (removed.length > 0) context.out('Deleted build cache objects:\n');
    for (const { id } of removed) context.out(`${id}\n`);
    context.out(`${removed.length > 0 ? '\n' : ''}Total reclaimed space: ${formatBytes(bytes)}\n`);
    return 0;
  },
});

/** @throws {AppError} `CLI_USAGE` */
function pruneOptions({ all, filter, keepStorage }: Flags, now: number): PruneOptions {
  const { until, ...others } = parseFilters(filter ?? []);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new AppError('CLI_USAGE', `--filter ${unknown}: there is until=DURATION only`);
  }
  const keepBytes = keepStorage === undefined ? undefined : parseByteSize(keepStorage);
  if (keepStorage !== undefined && keepBytes === undefined) {
    throw new AppError('CLI_USAGE', `--keep-storage "${keepStorage}" is no size`);
  }
  return {
    all: all ?? false,
    ...(until === undefined ? {} : { unusedSinceMs: earliest(until, now) }),
    ...(keepBytes === undefined ? {} : { keepBytes }),
  };
}

/** Of several, the one that removes least. */
function earliest(texts: readonly string[], now: number): number {
  const times = texts.map((text) => {
    const nanoseconds = parseGoDuration(text);
    const time = nanoseconds === undefined ? Date.parse(text) : now - nanoseconds / 1e6;
    if (Number.isNaN(time)) {
      throw new AppError('CLI_USAGE', `--filter until=${text} is neither a duration nor a time`, {
        hint: 'Write it as until=24h or until=2026-01-31.',
      });
    }
    return time;
  });
  return Math.min(...times);
}
