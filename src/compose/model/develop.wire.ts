import type { Extensions } from './project.wire.ts';
import type { NullableStringMap } from './service.wire.ts';

/** What `watch` does when a file changes. */
export interface Develop extends Extensions {
  readonly watch?: readonly WatchTrigger[];
}

export type WatchAction = 'rebuild' | 'sync' | 'restart' | 'sync+restart' | 'sync+exec';

export interface WatchTrigger extends Extensions {
  readonly path: string;
  readonly action: WatchAction;
  readonly target?: string;
  readonly exec?: ServiceHook;
  readonly include?: readonly string[];
  readonly ignore?: readonly string[];
  readonly initial_sync?: boolean;
}

/** A command run in a service's running container. */
export interface ServiceHook extends Extensions {
  readonly command?: readonly string[] | null;
  readonly user?: string;
  readonly privileged?: boolean;
  readonly working_dir?: string;
  readonly environment?: NullableStringMap;
}

/** A command run to its end in a container of its own before the service starts. */
export interface PreStartHook extends ServiceHook {
  readonly image?: string;
  readonly per_replica?: boolean;
}
