import { join, resolve } from 'node:path';
import type { LoadResult } from '../compose/load/index.ts';
import type { Project } from '../compose/model/index.ts';
import { AppError } from '../core/index.ts';
import type { Engine } from '../engine/index.ts';
import { type StateRoots, stateRoots } from '../state/index.ts';
import { DiagnosticsError } from './diagnostics-error.ts';
import type { GlobalOptions } from './global-flags.ts';
import type { Host } from './host.ts';
import { printWarnings } from './print-diagnostics.ts';
import { cheapProjectName } from './project-name.ts';
import { remoteFiles } from './remote/remote-files.ts';
import type { Trace, TraceOptions } from './trace/trace.ts';

/** A project that loaded without errors, with what loading found out beside it. */
export interface LoadedProject extends LoadResult {
  readonly project: Project;
}

/** A native client with nothing to do ends within a millisecond. */
const closeMs = 200;

/** What a command is given: the host, the global flags, and the two things that are made only when asked for. */
export class CommandContext {
  readonly host: Host;
  readonly options: GlobalOptions;
  /** `compose` or `coracle`, for messages. */
  readonly program: string;
  readonly roots: StateRoots;
  /** Where `--trace` is given, until the trace is printed. */
  #trace: Trace | undefined;
  #engine: Promise<Engine> | undefined;
  #loaded = new Map<string, Promise<LoadedProject>>();

  constructor(host: Host, options: GlobalOptions, program: string) {
    this.host = host;
    this.options = options;
    this.program = program;
    this.roots = options.engine === undefined ? stateRoots(host.env) : userRoots(host);
  }

  /** The engine, one a process. @throws {AppError} `CLI_NOT_ROOT` */
  engine(): Promise<Engine> {
    this.#engine ??= this.during('open the engine', () => this.#openEngine());
    return this.#engine;
  }

  /** The project's name, without reading YAML wherever that can be done. */
  async projectName(): Promise<string> {
    return cheapProjectName(this.options, this.host) ?? (await this.load()).project.name;
  }

  /**
   * Loads the project once per set of named services; warnings are printed, errors thrown together.
   * @throws {DiagnosticsError}
   */
  load(services: readonly string[] = []): Promise<LoadedProject> {
    const key = services.join(' ');
    const loaded =
      this.#loaded.get(key) ?? this.during('load the project', () => this.#load(services));
    this.#loaded.set(key, loaded);
    return loaded;
  }

  /** Folder of ours for one project: lock, copies of configs and secrets. */
  projectFolder(project: string): string {
    return join(this.roots.data, 'projects', project);
  }

  get trace(): Trace | undefined {
    return this.#trace;
  }

  /** @throws {AppError} `CLI_USAGE` where its file cannot be written. */
  async beginTrace(options: Omit<TraceOptions, 'host'>): Promise<void> {
    const { Trace: Recorder } = await import('./trace/trace.ts');
    this.#trace = new Recorder({ ...options, host: this.host });
  }

  /** Prints the trace if there is one: at the command's end, or when containers begin to be attended. */
  endTrace(): void {
    const trace = this.#trace;
    this.#trace = undefined;
    if (trace !== undefined) this.err(trace.finish());
  }

  /** Does some work, as a phase of the trace if there is one. */
  during<T>(phase: string, work: () => T): T {
    return this.#trace === undefined ? work() : this.#trace.during(phase, work);
  }

  out(text: string): void {
    this.host.stdout.write(text);
  }

  err(text: string): void {
    this.host.stderr.write(text);
  }

  /** Ends early when the signal is aborted, so that no timer keeps the process. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener('abort', end);
    });
  }

  /**
   * Ends what this process has started. An interrupted wait may still be under way in the native client; that is not
   * waited for longer than a moment.
   * @returns false where something is still under way, so that only an exit ends it.
   */
  async close(): Promise<boolean> {
    const closed = async () => {
      await (await this.#engine?.catch(() => undefined))?.close();
      return true;
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), closeMs);
    });
    try {
      return await Promise.race([closed(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #openEngine(): Promise<Engine> {
    const { host, options } = this;
    if (options.engine !== undefined) {
      const { dockerEngine } = await import('../engine/docker/index.ts');
      const sleep = (ms: number, signal?: AbortSignal) => this.sleep(ms, signal);
      return dockerEngine({ address: options.engine, sleep });
    }
    if (host.uid !== 0) {
      throw new AppError(
        'CLI_NOT_ROOT',
        `containers are run by root, and this is user ${host.uid}`,
        { hint: `Run it with sudo: sudo ${this.program} …` },
      );
    }
    const { openEngine } = await import('./open-engine.ts');
    return openEngine(this.roots, host, this.#trace?.nativeRequest);
  }

  async #load(services: readonly string[]): Promise<LoadedProject> {
    const { options, host } = this;
    const { loadProject, systemFileReader } = await import('../compose/load/index.ts');
    const result = await loadProject({
      files: options.files,
      cwd: host.cwd,
      env: host.env,
      envFiles: options.envFiles,
      profiles: options.profiles,
      allResources: options.allResources,
      reader: systemFileReader,
      services,
      ...(await remoteFiles(this)),
      ...(options.projectDirectory === undefined
        ? {}
        : { workingDir: resolve(host.cwd, options.projectDirectory) }),
      ...(options.projectName === undefined ? {} : { projectName: options.projectName }),
      ...(options.files.includes('-') ? { stdin: await host.readStdin() } : {}),
    });
    const errors = result.diagnostics.filter(({ severity }) => severity === 'error');
    if (result.project === undefined || errors.length > 0) {
      const { withRunProblems } = await import('./run-problems.ts');
      throw new DiagnosticsError(withRunProblems(result));
    }
    printWarnings(this, result.diagnostics);
    const { project } = result;
    return {
      ...result,
      project: options.compatibility ? { ...project, compatibility: true } : project,
    };
  }
}

/** With a Docker Engine our own folders hold a project's lock and copies of its files alone, and no root is needed. */
function userRoots({ env, uid }: Host): StateRoots {
  const home = env.XDG_STATE_HOME || (env.HOME && join(env.HOME, '.local/state'));
  if (uid === 0 || env.CORACLE_DATA || !home) return stateRoots(env);
  return { data: join(home, 'coracle'), run: join(env.XDG_RUNTIME_DIR || home, 'coracle') };
}
