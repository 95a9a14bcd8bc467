import type { SourceRange } from '../../core/index.ts';
import type { BuilderOptions, BuildOptions } from '../build-options.ts';
import type { StepCache, StepRecord } from '../cache/step-cache.ts';
import type { FileHashes } from '../context/file-hashes.ts';
import type { FolderContext } from '../context/folder-context.ts';
import type { Dockerfile, Stage } from '../dockerfile/instructions.ts';
import type { Progress } from '../progress.ts';
import type { ImportedCaches } from '../remote-cache/imported-caches.ts';
import type { FileSource } from '../steps/file-source.ts';
import type { FileState } from './file-state.ts';
import type { StageConfig } from './image-config.ts';
import type { StageVariables } from './stage-variables.ts';

/** A step's result and the key that it was found or made by. */
export interface SolvedStep {
  readonly key: string;
  readonly record: StepRecord;
}

/** What a stage came to. */
export interface SolvedStage {
  readonly state: FileState;
  readonly config: StageConfig;
  /** Arguments and ENV at its end; left out for an image. */
  readonly variables?: StageVariables;
  /** Its steps, after those of the stage that it is built upon. */
  readonly steps: readonly SolvedStep[];
  /** RFC 3339: of the last step, or of the base image. */
  readonly created: string | undefined;
  /** Bytes of the base image's layers, uncompressed. */
  readonly baseSize: number;
}

/** What the builds of one process share: steps under way, and how many may run at once. */
export interface BuildShared {
  readonly steps: Map<string, Promise<StepRecord>>;
  /** Runs work when there is room for it. */
  readonly limit: <T>(work: () => Promise<T>) => Promise<T>;
}

/** One build under way. */
export interface BuildRun {
  readonly builder: BuilderOptions;
  readonly options: BuildOptions;
  readonly shared: BuildShared;
  readonly cache: StepCache;
  readonly imported: ImportedCaches;
  readonly progress: Progress;
  readonly dockerfile: Dockerfile;
  readonly hashes: FileHashes;
  readonly args: Readonly<Record<string, string>>;
  readonly globals: ReadonlyMap<string, string>;
  readonly platform: {
    readonly os: string;
    readonly architecture: string;
    readonly variant?: string;
  };
  /** Seconds since 1970 from SOURCE_DATE_EPOCH. */
  readonly epoch: number | undefined;
  /** The build context's files; made when the first instruction asks. */
  readonly context: () => Promise<FolderContext>;
  readonly solve: (stage: Stage) => Promise<SolvedStage>;
  /** What `--from` names: an earlier stage, a named context, or an image. */
  readonly source: (name: string, range: SourceRange, before: Stage) => Promise<FileSource>;
  readonly signal: AbortSignal;
}
