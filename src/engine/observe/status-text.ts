import { humanDuration } from '../../core/index.ts';
import { type CrashLoop, crashLoopText } from './crash-loop.ts';
import type { ContainerState } from './read-state.ts';

/** What the "Status" column says, word for word as Docker writes it; a crash loop is told behind it. */
export function statusText(state: ContainerState, nowMs: number, crashLoop?: CrashLoop): string {
  const text = dockersText(state, nowMs);
  return crashLoop === undefined ? text : `${text} (${crashLoopText(crashLoop)})`;
}

function dockersText(state: ContainerState, nowMs: number): string {
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
