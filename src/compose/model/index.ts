/**
 * The types of a loaded project: what `loadProject` returns, what the planner reads, what
 * `config --format json` prints. Names and spelling are the wire's (snake_case), because files, JSON output
 * and other tools share them; there is no second, camelCase copy.
 *
 * Everything is read-only: a project is made once by loading and never changed afterwards; who needs another
 * one (`--scale`, a selection of services) makes a copy.
 */
export type { Build } from './build.wire.ts';
export type * from './deploy.wire.ts';
export type * from './develop.wire.ts';
export type { ComposeFile as ProjectDefinition } from './generated/definition.ts';
export type * from './mount.wire.ts';
export type * from './project.wire.ts';
export type * from './service.wire.ts';
