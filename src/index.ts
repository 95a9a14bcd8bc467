/**
 * The library: load compose files, and drive the engine, from TypeScript.
 *
 * `loadProject` turns compose files into a project with the place of every value; `createEngine` gives containers, images,
 * networks and volumes with dockerode's methods and option types.
 */
export * from './compose/load/index.ts';
export type * from './compose/model/index.ts';
export type { Diagnostic, Position, SourceRange } from './core/index.ts';
export { AppError, isAppError } from './core/index.ts';
export * from './engine/index.ts';
export { type StateRoots, stateRoots } from './state/index.ts';
