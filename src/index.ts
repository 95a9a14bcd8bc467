/**
 * The library: load compose files, run stacks, and drive the engine, from TypeScript.
 *
 * `Stack` is a project that is brought up, looked into, watched and taken down: `compose` without a terminal.
 * `loadProject` turns compose files into a project with the place of every value; `createEngine` gives containers, images,
 * networks and volumes with dockerode's methods and option types.
 */

export { DiagnosticsError } from './cli/index.ts';
export * from './compose/load/index.ts';
export type * from './compose/model/index.ts';
export type { Diagnostic, Position, SourceRange } from './core/index.ts';
export { AppError, isAppError } from './core/index.ts';
export * from './engine/index.ts';
export * from './stack/index.ts';
export { type StateRoots, stateRoots } from './state/index.ts';
export type * from './watch/index.ts';
