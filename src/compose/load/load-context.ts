import type { ComposeFiles } from './files.ts';
import type { Findings } from './findings.ts';
import type { VariableRecord } from './interpolate/interpolate.ts';
import type { FileReader } from './load-result.ts';
import type { NodeBudget } from './node-budget.ts';
import type { RemoteFiles } from './remote.ts';

/** What stays the same while all files of one project are loaded. */
export interface LoadShared {
  readonly files: ComposeFiles;
  readonly reader: FileReader;
  readonly findings: Findings;
  readonly variables: VariableRecord;
  readonly home: string | undefined;
  readonly interpolate: boolean;
  /** Dotted paths of values that were refused; what refers to them is not reported again. */
  readonly refused: Set<string>;
  readonly budget: NodeBudget;
  /** Left out where remote files are refused. */
  readonly remote?: RemoteFiles;
  /** Addresses of remote files that are still to be brought; with any, the result is not final. */
  readonly awaited: Set<string>;
}

/** Where and with which variables one group of files (the project's own, or an include's) is loaded. */
export interface LoadScope {
  readonly shared: LoadShared;
  /** Absolute folder that `extends.file`, `include.path` and the like count from. */
  readonly workingDir: string;
  /** Folder that the paths of the result count from; relative to the includer's, absolute for the project. */
  readonly pathBase: string;
  /** False leaves paths as written (`--no-path-resolution`). */
  readonly resolvePaths: boolean;
  readonly environment: ReadonlyMap<string, string>;
  /** Absolute paths of the files that are being included, outermost first. */
  readonly including: readonly string[];
  /** Checkout that files and paths of a remote file must lie in. */
  readonly confinedTo?: string;
}
