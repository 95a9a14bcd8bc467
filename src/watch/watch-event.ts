import type { WatchAction } from '../compose/model/index.ts';
import type { AppError } from '../core/index.ts';

/** A rule as people know it. */
export interface WatchedRule {
  readonly service: string;
  readonly action: WatchAction;
  /** From the project folder. */
  readonly path: string;
  readonly target?: string;
}

interface Happened {
  /** From the project folder where they lie in it, else absolute; sorted. */
  readonly files: readonly string[];
  /** Milliseconds since the first of the changes. */
  readonly ms: number;
}

/** Everything is in place; from here on no change is missed. */
export interface WatchingEvent {
  readonly type: 'watching';
  readonly rules: readonly WatchedRule[];
  /** Milliseconds that the start took. */
  readonly ms: number;
}

/** A change set that concerns these services; what is done about it follows. */
export interface ChangedEvent extends Happened {
  readonly type: 'changed';
  readonly services: readonly string[];
}

/** Files of a service's containers are what they are on the host. */
export interface SyncedEvent extends Happened {
  readonly type: 'synced';
  readonly service: string;
  /** Of `files`, those that are gone. */
  readonly removed: readonly string[];
  /** True for what had changed while nothing watched, or while the container did not run. */
  readonly initial: boolean;
}

/** The command of a sync+exec rule has ended. */
export interface ExecutedEvent extends Happened {
  readonly type: 'executed';
  readonly service: string;
  readonly command: readonly string[];
  readonly exitCode: number;
  readonly output: string;
}

/** A service's containers run again. */
export interface RestartedEvent extends Happened {
  readonly type: 'restarted';
  readonly service: string;
}

/** Services run on images that were built anew. */
export interface RebuiltEvent extends Happened {
  readonly type: 'rebuilt';
  readonly services: readonly string[];
}

/** Something of one rule could not be done; `error.details.range` is its place. All others go on. */
export interface FailedEvent extends Happened {
  readonly type: 'failed';
  /** Left out where no service alone is concerned. */
  readonly service?: string;
  readonly error: AppError;
}

/** Something that the user should know of and that stops nothing. */
export interface NoticedEvent {
  readonly type: 'noticed';
  readonly service: string;
  readonly error: AppError;
}

export type WatchEvent =
  | WatchingEvent
  | ChangedEvent
  | SyncedEvent
  | ExecutedEvent
  | RestartedEvent
  | RebuiltEvent
  | FailedEvent
  | NoticedEvent;

/** The event of one type. */
export type WatchEventOf<Type extends WatchEvent['type']> = Extract<WatchEvent, { type: Type }>;
