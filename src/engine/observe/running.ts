import type { ContainerState } from './read-state.ts';

/** True where the container counts as running: also while it is paused, or waits for its restart. */
export function isRunning(state: ContainerState): boolean {
  return hasProcess(state) || state.status === 'restarting';
}

/** True where its process is there at this moment. */
export function hasProcess(state: ContainerState): boolean {
  return state.status === 'running' || state.status === 'paused';
}
