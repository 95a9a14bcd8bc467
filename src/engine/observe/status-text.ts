import type { ContainerState } from './read-state.ts';

/** What the "Status" column says, word for word as Docker writes it. */
export function statusText(state: ContainerState, nowMs: number): string {
  switch (state.status) {
    case 'running': {
      const health = state.health?.status;
      const suffix =
        health === undefined || health === 'none'
          ? ''
          : ` (${health === 'starting' ? 'health: starting' : health})`;
      return `Up ${since(state.startedAt, nowMs)}${suffix}`;
    }
    case 'paused':
      return `Up ${since(state.startedAt, nowMs)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode}) ${since(state.finishedAt, nowMs)} ago`;
    case 'created':
      return 'Created';
    case 'dead':
      return 'Dead';
    case 'exited':
      return `Exited (${state.exitCode}) ${since(state.finishedAt, nowMs)} ago`;
  }
}

function since(time: string, nowMs: number): string {
  return humanDuration(nowMs - Date.parse(time));
}

/** A duration in one unit, rounded as Docker's `units.HumanDuration` does. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(ms / 3_600_000 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(ms / 3_600_000 / 24 / 365)} years`;
}
