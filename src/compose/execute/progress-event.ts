import type { Action, Resource } from '../plan/index.ts';

export type ProgressState = 'working' | 'done' | 'warning' | 'error' | 'skipped';

/** One change of one resource; the renderers, the dashboard and the library's callers all read these. */
export interface ProgressEvent {
  readonly resource: Resource;
  readonly state: ProgressState;
  /** `Creating`, `Created`, `Healthy`, …, as Docker Compose says it. */
  readonly text: string;
  /** Milliseconds since the executor started, for elapsed times. */
  readonly atMs: number;
  /** How much of it has moved, in bytes; comes many times a second. */
  readonly bytes?: { readonly current: number; readonly total: number };
}

/** What a resource is said to be doing, and to have become, per kind of action; Docker Compose's words. */
export const actionTexts: Readonly<
  Record<
    Action['kind'],
    { readonly working: string | undefined; readonly done: string | undefined }
  >
> = {
  pullImage: { working: 'Pulling', done: 'Pulled' },
  buildImage: { working: 'Building', done: 'Built' },
  createNetwork: { working: 'Creating', done: 'Created' },
  createVolume: { working: 'Creating', done: 'Created' },
  provideFile: { working: undefined, done: undefined },
  createContainer: { working: 'Creating', done: 'Created' },
  recreateContainer: { working: 'Recreate', done: 'Recreated' },
  updateContainer: { working: 'Updating', done: 'Updated' },
  runHook: { working: undefined, done: undefined },
  startContainer: { working: 'Starting', done: 'Started' },
  stopContainer: { working: 'Stopping', done: 'Stopped' },
  restartContainer: { working: 'Restarting', done: 'Started' },
  killContainer: { working: 'Killing', done: 'Killed' },
  pauseContainer: { working: undefined, done: 'Paused' },
  unpauseContainer: { working: undefined, done: 'Unpaused' },
  removeContainer: { working: 'Removing', done: 'Removed' },
  removeNetwork: { working: 'Removing', done: 'Removed' },
  removeVolume: { working: 'Removing', done: 'Removed' },
  removeImage: { working: 'Removing', done: 'Removed' },
  waitFor: { working: 'Waiting', done: 'Healthy' },
  keepContainer: { working: undefined, done: 'Running' },
};
