import type { Diagnostic, SourceRange } from '../../core/index.ts';
import type { Project } from '../model/index.ts';

/** The file system as loading sees it: tests and the library pass their own. */
export interface FileReader {
  /** The file's bytes, or `undefined` where there is none. Other failures throw. */
  read(path: string): Uint8Array | undefined;
  /** What the path is, links followed; `undefined` where there is nothing. */
  kind(path: string): 'file' | 'folder' | 'other' | undefined;
}

/** All that loading depends on; nothing is read from the process. */
export interface LoadOptions {
  /** Compose files in `-f` order; `-` is standard input. Looked for from `cwd` upwards when left out or empty. */
  readonly files?: readonly string[];
  /** Absolute. Where relative `files` start and where the search for them begins. */
  readonly cwd: string;
  /** `--project-directory`: what relative paths in the files start from; the first file's folder when left out. */
  readonly workingDir?: string;
  /** The caller's environment, `COMPOSE_*` variables included. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--env-file`; `COMPOSE_ENV_FILES`, then `.env` in the project folder when left out or empty. */
  readonly envFiles?: readonly string[];
  /** `--profile`, on top of `COMPOSE_PROFILES`; `*` is all. */
  readonly profiles?: readonly string[];
  /** `--project-name`. */
  readonly projectName?: string;
  readonly reader: FileReader;
  /** Text of `-f -`. */
  readonly stdin?: string;
  /** Services that the command names: they and what they depend on are enabled whatever their profiles. */
  readonly services?: readonly string[];
  /** All true when left out; the `--no-…` flags of `config` switch them off. */
  readonly interpolate?: boolean;
  readonly normalize?: boolean;
  readonly resolvePaths?: boolean;
  readonly resolveEnvironment?: boolean;
  readonly checkConsistency?: boolean;
}

/** Where values came from. */
export interface Origins {
  /** Place of the value at a dotted path, `services.web.ports.0`, or of its nearest parent that has one. */
  origin(path: string): SourceRange | undefined;
}

/** What loading found out. There is a project only where no diagnostic is an error. */
export interface LoadResult {
  readonly project?: Project;
  readonly diagnostics: readonly Diagnostic[];
  readonly origins: Origins;
  /** Absolute folder that relative paths started from. */
  readonly workingDir: string;
  /** Absolute paths of the compose files, overrides included, in order. */
  readonly files: readonly string[];
  /** `.env` files and the caller's environment together, as interpolation saw them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Names of services that no active profile enables. */
  readonly disabledServices: readonly string[];
}
