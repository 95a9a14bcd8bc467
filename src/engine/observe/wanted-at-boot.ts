import type { ContainerInfo } from '../api.ts';
import type { EngineContext } from '../engine-context.ts';
import type { Candidate } from './container-filters.ts';
import { containerInfo } from './container-info.ts';
import { observeContainers } from './observed-containers.ts';
import { isRunning } from './running.ts';

/** What a Docker daemon would start when it starts, oldest first. */
export function wantedAtBoot(context: EngineContext): ContainerInfo[] {
  const now = context.now();
  return observeContainers(context)
    .filter(isWanted)
    .reverse()
    .map((candidate) => containerInfo(candidate, now, context.roots));
}

/** Docker's rules: `always` forgets that its user stopped it, the others do not; what never ran is not begun with. */
function isWanted({ record, state }: Candidate): boolean {
  if (isRunning(state) || state.status === 'created') return false;
  switch (record.hostConfig.RestartPolicy?.Name) {
    case 'always':
      return true;
    case 'unless-stopped':
      return !state.stoppedByUser;
    case 'on-failure':
      return !state.stoppedByUser && !state.gaveUp && state.exitCode !== 0;
    default:
      return false;
  }
}
