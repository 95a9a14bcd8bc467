/**
 * Watch mode: from a save on the host to the running container.
 *
 * ```
 * Watcher (native-watcher) → change-collector → rule.match → service-lane
 *     sync-rule (engine.syncFiles) → exec-hook → restart             or, for all services together, rebuild
 * ```
 * `compile-rules` makes rules of `develop.watch`, each with its place in the user's file; a rule that is wrong is left out and
 * told of. A watcher only says where something has changed. What is to be done follows from what is there at the moment of
 * doing it, so events may come twice, late or in any order: at rest the container's tree equals the host's. Restarting and
 * building are passed in; nothing is printed here, everything that happens is a {@link WatchEvent}.
 */
export type { RuleProblem } from './compile-rules.ts';
export { Watch, type WatchOptions } from './watch.ts';
export type {
  ChangedEvent,
  ExecutedEvent,
  FailedEvent,
  NoticedEvent,
  RebuiltEvent,
  RestartedEvent,
  SyncedEvent,
  WatchEvent,
  WatchEventOf,
  WatchedRule,
  WatchingEvent,
} from './watch-event.ts';
