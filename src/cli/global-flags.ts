import { AppError } from '../core/index.ts';
import type { Flag, FlagValues } from './command.ts';
import type { Host } from './host.ts';

/** Flags that stand before the command's name. */
export const globalFlags: readonly Flag[] = [
  {
    flags: '--all-resources',
    description: 'Include all resources, even those not used by services',
  },
  {
    flags: '--allow-remote',
    description: 'Fetch the git repositories that include and extends name',
  },
  {
    flags: '--ansi <when>',
    description: 'Control when to print ANSI control characters',
    choices: ['never', 'always', 'auto'],
  },
  {
    flags: '--compatibility',
    description: 'Name containers and images with _ as Compose 1 did, not with -',
  },
  { flags: '--debug', description: 'Print stack traces of errors' },
  { flags: '--dry-run', description: 'Print the plan and change nothing' },
  {
    flags: '--engine <address>',
    description: 'Use the Docker Engine at unix:///PATH or tcp://HOST:PORT instead of our own',
  },
  {
    flags: '--env-file <file>',
    description: 'Specify an alternate environment file',
    kind: 'list',
  },
  { flags: '-f, --file <file>', description: 'Compose configuration files', kind: 'list' },
  {
    flags: '--parallel <count>',
    description: 'Control max parallelism, -1 for unlimited',
    kind: 'integer',
  },
  { flags: '--profile <name>', description: 'Specify a profile to enable', kind: 'list' },
  {
    flags: '--progress <type>',
    description: 'Set type of progress output',
    choices: ['auto', 'tty', 'plain', 'json', 'quiet'],
  },
  {
    flags: '--project-directory <folder>',
    description:
      "Specify an alternate working directory (default: the first compose file's folder)",
  },
  { flags: '-p, --project-name <name>', description: 'Project name' },
  {
    flags: '--insecure-registry <host>',
    description: 'Reach this registry without TLS, or without checking its certificate',
    kind: 'list',
    hidden: true,
  },
  { flags: '--no-ansi', description: 'The same as --ansi never', hidden: true },
  { flags: '--verbose', description: 'The same as --debug', hidden: true },
  { flags: '--workdir <folder>', description: 'The same as --project-directory', hidden: true },
  { flags: '-v, --version', description: 'Show the version' },
  { flags: '-h, --help', description: 'Show this help' },
];

/** The global flags and their COMPOSE_ variables, read. */
export interface GlobalOptions {
  readonly files: readonly string[];
  readonly projectName: string | undefined;
  readonly projectDirectory: string | undefined;
  readonly profiles: readonly string[];
  readonly envFiles: readonly string[];
  readonly ansi: 'never' | 'always' | 'auto';
  readonly progress: 'auto' | 'tty' | 'plain' | 'json' | 'quiet';
  /** Engine calls at once; `undefined` is unlimited. */
  readonly parallel: number | undefined;
  readonly allResources: boolean;
  /** Files that `include` and `extends` name by a git address are fetched. */
  readonly allowRemote: boolean;
  /** Names with `_`. */
  readonly compatibility: boolean;
  readonly dryRun: boolean;
  /** Address of a Docker Engine that is driven instead of ours. */
  readonly engine: string | undefined;
  /** Registries that `--insecure-registry` names. */
  readonly insecureRegistries: readonly string[];
  readonly debug: boolean;
  readonly version: boolean;
  readonly help: boolean;
}

interface RawFlags {
  /** False by `--no-ansi`. */
  readonly ansi?: GlobalOptions['ansi'] | false;
  readonly insecureRegistry?: readonly string[];
  readonly verbose?: boolean;
  readonly workdir?: string;
  readonly debug?: boolean;
  readonly compatibility?: boolean;
  readonly dryRun?: boolean;
  readonly engine?: string;
  readonly envFile?: readonly string[];
  readonly file?: readonly string[];
  readonly parallel?: number;
  readonly profile?: readonly string[];
  readonly progress?: GlobalOptions['progress'];
  readonly projectDirectory?: string;
  readonly projectName?: string;
  readonly version?: boolean;
  readonly help?: boolean;
  readonly allResources?: boolean;
  readonly allowRemote?: boolean;
}

/** Flags win over variables. @throws {AppError} `CLI_USAGE` for a variable of the wrong form. */
export function readGlobalOptions(flags: FlagValues, env: Host['env']): GlobalOptions {
  const raw = flags as RawFlags;
  const parallel = raw.parallel ?? integerVariable(env, 'COMPOSE_PARALLEL_LIMIT');
  return {
    files: raw.file ?? splitFiles(env),
    projectName: raw.projectName ?? nonEmpty(env.COMPOSE_PROJECT_NAME),
    projectDirectory: raw.projectDirectory ?? raw.workdir,
    profiles: raw.profile ?? [],
    envFiles: raw.envFile ?? [],
    ansi:
      raw.ansi === false
        ? 'never'
        : (raw.ansi ?? choice(env, 'COMPOSE_ANSI', ['never', 'always', 'auto']) ?? 'auto'),
    progress:
      raw.progress ??
      choice(env, 'COMPOSE_PROGRESS', ['auto', 'tty', 'plain', 'json', 'quiet']) ??
      'auto',
    parallel: parallel === undefined || parallel < 1 ? undefined : parallel,
    allResources: raw.allResources ?? false,
    allowRemote: raw.allowRemote ?? isTrue(env.CORACLE_ALLOW_REMOTE),
    compatibility: raw.compatibility ?? isTrue(env.COMPOSE_COMPATIBILITY),
    dryRun: raw.dryRun ?? false,
    engine: raw.engine ?? nonEmpty(env.CORACLE_ENGINE),
    insecureRegistries: raw.insecureRegistry ?? [],
    debug: raw.debug ?? raw.verbose ?? false,
    version: raw.version ?? false,
    help: raw.help ?? false,
  };
}

function splitFiles(env: Host['env']): readonly string[] {
  const files = nonEmpty(env.COMPOSE_FILE);
  return files === undefined ? [] : files.split(env.COMPOSE_PATH_SEPARATOR || ':');
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function integerVariable(env: Host['env'], name: string): number | undefined {
  const value = nonEmpty(env[name]);
  if (value === undefined) return undefined;
  if (!/^-?\d+$/.test(value)) {
    throw new AppError('CLI_USAGE', `${name}: "${value}" is not a whole number`);
  }
  return Number(value);
}

function choice<T extends string>(
  env: Host['env'],
  name: string,
  choices: readonly T[],
): T | undefined {
  const value = nonEmpty(env[name]);
  if (value === undefined) return undefined;
  const found = choices.find((candidate) => candidate === value);
  if (found === undefined) {
    throw new AppError('CLI_USAGE', `${name}: "${value}" is none of ${choices.join(', ')}`);
  }
  return found;
}

/** True for what Docker takes as "yes" in a boolean variable. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 't', 'true', 'yes', 'y', 'on'].includes(value.toLowerCase());
}
