import type { Engine } from '../../engine/index.ts';
import type { Flag } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { formatFlag, type ListingRow, renderListing } from '../listing/index.ts';
import { sharedAbort } from '../shared-abort.ts';
import { type Sample, statsListing, statsRow } from './stats-row.ts';

export interface StatsFlags {
  readonly all?: boolean;
  readonly format: string;
  readonly stream: boolean;
  readonly trunc: boolean;
}

/** The flags of `stats`, the same for containers and for services. */
export const statsFlags: readonly Flag[] = [
  { flags: '-a, --all', description: 'Show all containers (default shows just running)' },
  formatFlag,
  {
    flags: '--no-stream',
    description: 'Disable streaming stats and only pull the first result',
  },
  { flags: '--no-trunc', description: 'Do not truncate output' },
];

/** A container that is shown. */
export interface StatsContainer {
  readonly id: string;
  readonly name: string;
  /** As the user called it. */
  readonly asked: string;
}

/** Twice a second, as Docker does. */
const everyMs = 500;

/**
 * Shows what containers use, once or until Ctrl-C; each refresh is one write to the screen.
 * @param list  asked at each refresh, so that what comes and goes is seen.
 */
export async function showStats(
  context: CommandContext,
  list: () => Promise<readonly StatsContainer[]>,
  { format, stream, trunc }: StatsFlags,
): Promise<number> {
  const engine = await context.engine();
  const interrupted = sharedAbort();
  const offs = (['SIGINT', 'SIGTERM'] as const).map((signal) =>
    context.host.onSignal(signal, () => interrupted.abort()),
  );
  try {
    let before = new Map<string, Sample>();
    for (let round = 0; !interrupted.signal.aborted; round += 1) {
      const containers = await list();
      const now = await sampleAll(context, engine, containers);
      // The first sample has nothing to compare the processor's time with.
      if (round > 0) {
        const rows = containers.map((one) =>
          statsRow(one, before.get(one.id), now.get(one.id), trunc),
        );
        await show(context, rows, format, stream);
        if (!stream) return 0;
      }
      before = now;
      await pause(everyMs, interrupted.signal);
    }
    return 0;
  } finally {
    for (const off of offs) off();
  }
}

async function sampleAll(
  context: CommandContext,
  engine: Engine,
  containers: readonly StatsContainer[],
): Promise<Map<string, Sample>> {
  const samples = new Map<string, Sample>();
  for (const { id } of containers) {
    const atMs = context.host.monotonicMs();
    const stats = await engine.stats(id).catch((error: unknown) => {
      // Removed since it was listed.
      if ((error as { statusCode?: unknown }).statusCode === 404) return undefined;
      throw error;
    });
    if (stats !== undefined) samples.set(id, { atMs, stats });
  }
  return samples;
}

async function show(
  context: CommandContext,
  rows: readonly ListingRow[],
  format: string,
  stream: boolean,
): Promise<void> {
  const text = await renderListing(statsListing, rows, format);
  const onScreen = stream && context.host.stdout.isTTY;
  // Home, each line to its end, and what is left below: nothing flickers.
  context.out(onScreen ? `\u001b[H${text.replaceAll('\n', '\u001b[K\n')}\u001b[J` : text);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
