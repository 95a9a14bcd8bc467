import type { Diagnostic, SourceRange } from '../../core/index.ts';
import type { Project, ProjectDefinition } from '../model/index.ts';
import type { RemoteFiles } from './remote.ts';

/** The file system as loading sees it: tests and the library pass their own. */
export interface FileReader {
  /** The file's bytes, or `undefined` where there is none. Other failures throw. */
  read(path: string): Uint8Array | undefined;
  /** What the path is, links followed; `undefined` where there is nothing. */
  kind(path: string): 'file' | 'folder' | 'other' | undefined;
  /** The path with its symbolic links followed as far as it exists; left out: links are not followed. */
  resolveLinks?(path: string): string;
}

/** All that loading depends on; nothing is read from the process. */
export interface LoadOptions {
  /** The project itself, in place of files: its relative paths start from `workingDir`. */
  readonly definition?: ProjectDefinition;
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
  /** `--profile`; `COMPOSE_PROFILES` when left out or empty. `*` is all. */
  readonly profiles?: readonly string[];
  /** `--project-name`. */
  readonly projectName?: string;
  readonly reader: FileReader;
  /** Fetches what `include` and `extends` name by a git address, `gitRemoteFiles`; such files are refused without. */
  readonly remote?: RemoteFiles;
  /** Text of `-f -`. */
  readonly stdin?: string;
  /** Services that the command names: the project is cut down to them and what they depend on. */
  readonly services?: readonly string[];
  /** `--all-resources`: keeps networks, volumes, configs and secrets that no service uses. */
  readonly allResources?: boolean;
  /** All true when left out; the `--no-…` flags of `config` switch them off. */
  readonly interpolate?: boolean;
  readonly normalize?: boolean;
  readonly resolvePaths?: boolean;
  readonly resolveEnvironment?: boolean;
  readonly checkConsistency?: boolean;
}

/**
 * What may be said beside a project given as an object; without a `reader` there are no other files. Without `cwd` and
 * `workingDir` its folder is `/project`, and so is its name where it has none of its own.
 */
export type DefinitionOptions = Partial<Omit<LoadOptions, 'definition' | 'files' | 'stdin'>>;

/** Where values came from. */
export interface Origins {
  /** Place of the value at a dotted path, `services.web.ports.0`, or of its nearest parent that has one. */
  origin(path: string): SourceRange | undefined;
}

/** What loading found out. There is a project only where no diagnostic is an error. */
export interface LoadResult {
  readonly project?: Project;
  /** What could be made of files with mistakes, to look for further ones in it; parts may be missing. */
  readonly draft?: Project;
  readonly diagnostics: readonly Diagnostic[];
  readonly origins: Origins;
  /** Absolute folder that relative paths started from. */
  readonly workingDir: string;
  /** Absolute paths of the compose files, overrides included, in order. */
  readonly files: readonly string[];
  /** `.env` files and the caller's environment together, as interpolation saw them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Names of services that are not part of the project: not enabled by a profile, or not selected. */
  readonly disabledServices: readonly string[];
  /** Profiles that any service of the files names, sorted. */
  readonly profileNames: readonly string[];
  /** Contents of configs and secrets that come from a variable, by `configs.NAME` and `secrets.NAME`. */
  readonly variableContents: ReadonlyMap<string, string>;
}
