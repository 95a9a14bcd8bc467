import { AppError, isAppError } from '../../../core/index.ts';
import { defineCommand } from '../../command.ts';
import { parseLogTime } from '../../logs/index.ts';
import { confirms, forceFlag } from '../confirm.ts';
import { parseFilters } from '../image-filters.ts';

export const networkPrune = defineCommand<{
  readonly filter?: readonly string[];
  readonly force?: boolean;
}>({
  name: 'prune',
  positional: '',
  summary: 'Remove all unused networks',
  flags: [
    {
      flags: '--filter <key=value>',
      description: 'label=…, label!=… or until=TIMESTAMP',
      kind: 'list',
    },
    forceFlag,
  ],
  examples: ['coracle network prune -f'],
  async run(context, _args, { filter = [], force = false }) {
    const isWanted = pruneFilter(filter, context.host.now());
    const warning = 'This will remove all custom networks not used by at least one container.';
    if (!force && !(await confirms(context, warning))) return 0;
    const engine = await context.engine();
    const removed: string[] = [];
    // As in Docker, a network that only stopped containers belong to counts as unused.
    for (const network of await engine.listNetworks()) {
      if (network.Name === 'bridge' || !isWanted(network)) continue;
      try {
        await engine.getNetwork(network.Id).remove();
        removed.push(network.Name);
      } catch (error) {
        if (!isAppError(error, 'NETWORK_IN_USE') && !isAppError(error, 'NETWORK_NOT_FOUND')) {
          throw error;
        }
      }
    }
    if (removed.length > 0) context.out(`Deleted Networks:\n${removed.join('\n')}\n\n`);
    return 0;
  },
});

interface Prunable {
  readonly Created: string;
  readonly Labels?: Readonly<Record<string, string>> | undefined;
}

/** @param nowMs milliseconds since 1970, which `until=24h` counts back from. @throws {AppError} `CLI_USAGE` */
function pruneFilter(texts: readonly string[], nowMs: number): (network: Prunable) => boolean {
  const tests = Object.entries(parseFilters(texts)).flatMap(([key, values]) =>
    values.map((value) => {
      if (key === 'label' || key === 'label!') {
        const [name = '', ...rest] = value.split('=');
        const wanted = rest.length === 0 ? undefined : rest.join('=');
        return ({ Labels = {} }: Prunable) =>
          (name in Labels && (wanted === undefined || Labels[name] === wanted)) ===
          (key === 'label');
      }
      if (key === 'until') {
        const until = Date.parse(parseLogTime(value, nowMs, '--filter until'));
        return ({ Created }: Prunable) => Date.parse(Created) < until;
      }
      throw new AppError('CLI_USAGE', `invalid filter '${key}'`, {
        hint: 'Use label=…, label!=… or until=….',
      });
    }),
  );
  return (network) => tests.every((test) => test(network));
}
