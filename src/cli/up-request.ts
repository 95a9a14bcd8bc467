import type { RecreatePolicy, UpRequest } from '../compose/plan/index.ts';
import { AppError } from '../core/index.ts';
import type { UpFlags } from './commands/up-flags.ts';
import type { CommandContext } from './context.ts';
import { isTrue } from './global-flags.ts';

/** What the flags of `up` and `plan` ask the planner for. @throws {AppError} `CLI_USAGE` */
export function upRequest(
  context: CommandContext,
  services: readonly string[],
  flags: UpFlags,
): UpRequest {
  return {
    services,
    withDependencies: flags.deps,
    recreate: recreatePolicy(flags),
    recreateDependencies: flags.alwaysRecreateDeps
      ? 'always'
      : flags.recreate
        ? 'changed'
        : 'never',
    scale: parseScale(flags.scale ?? []),
    orphans: orphanPolicy(context, flags.removeOrphans ?? false),
    renewAnonymousVolumes: flags.renewAnonVolumes ?? false,
    ...(flags.timeout === undefined ? {} : { timeoutS: flags.timeout }),
    start: flags.start,
    allResources: context.options.allResources,
    wait: flags.wait ?? false,
  };
}

/** What becomes of containers that no service of the file owns. */
export function orphanPolicy(context: CommandContext, remove: boolean): UpRequest['orphans'] {
  const { env } = context.host;
  if (remove || isTrue(env.COMPOSE_REMOVE_ORPHANS)) return 'remove';
  return isTrue(env.COMPOSE_IGNORE_ORPHANS) ? 'ignore' : 'warn';
}

/** `--force-recreate`, `--no-recreate`, or what has changed. */
export function recreatePolicy(flags: Pick<UpFlags, 'forceRecreate' | 'recreate'>): RecreatePolicy {
  if (flags.forceRecreate) return 'always';
  return flags.recreate ? 'changed' : 'never';
}

/** Reads `web=3`. @throws {AppError} `CLI_USAGE` */
export function parseScale(entries: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    entries.map((entry) => {
      const match = /^([^=]+)=(\d+)$/.exec(entry);
      if (match === null) {
        throw new AppError(
          'CLI_USAGE',
          `invalid --scale option "${entry}": it must be SERVICE=NUMBER`,
        );
      }
      return [match[1] ?? '', Number(match[2])];
    }),
  );
}
