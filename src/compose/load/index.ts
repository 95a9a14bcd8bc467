/**
 * From compose files to a project: the front door of the product.
 *
 * ```
 * discover → .env files → project name → for each file: parse → interpolate → include → !reset → extends
 *   → merge → unique → validate (schema) → canonical → unique
 * → defaults → value checks → absolute paths → normalize → decode → profiles → consistency → env_file, label_file
 * ```
 * Phases work on one tree of nodes that know their places (`yaml/node.ts`); rules are tables keyed by path pattern.
 * What is wrong is collected (`findings.ts`) and loading goes on, so that one run reports all of it. Nothing is read
 * from the process: files, environment and folders are passed in.
 */
export type * from '../model/index.ts';
export { gitRemoteFiles } from './git-remote.ts';
export { type VariableUse, variablesOf } from './interpolate/template.ts';
export {
  type DetailedLoadResult,
  loadProject,
  loadProjectDetailed,
  loadWithRemotes,
} from './load-project.ts';
export type {
  DefinitionOptions,
  FileReader,
  LoadOptions,
  LoadResult,
  Origins,
} from './load-result.ts';
export { locate } from './locate.ts';
export { nearest } from './nearest.ts';
export { type RemoteCheckout, type RemoteFiles, unreachable } from './remote.ts';
export { systemFileReader } from './system-file-reader.ts';
export {
  type MapNode,
  type Node,
  type Place,
  rangeOf,
  type ScalarNode,
  toPlain,
} from './yaml/node.ts';
export { resolvePlainScalar } from './yaml/plain-scalar.ts';
