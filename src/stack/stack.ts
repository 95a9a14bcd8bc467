import { EventEmitter } from 'node:events';
import {
  CommandContext,
  composeCommands,
  globalFlags,
  type LoadedProject,
  openProjectWatch,
  parseArguments,
  parseGlobalFlags,
  readGlobalOptions,
  runningContainer,
  runningContainerId,
  selectContainers,
} from '../cli/index.ts';
import type { Project } from '../compose/model/index.ts';
import { AppError } from '../core/index.ts';
import type { Engine, ExecResult } from '../engine/index.ts';
import { stackHost } from './stack-host.ts';
import { stackLogs } from './stack-logs.ts';
import type {
  StackContainer,
  StackDownOptions,
  StackExecOptions,
  StackLogLine,
  StackLogOptions,
  StackOptions,
  StackUpOptions,
  StackWatchOptions,
} from './stack-options.ts';
import { StackWatch } from './stack-watch.ts';

/**
 * A compose project, driven from this process.
 *
 * ```ts
 * await using stack = await Stack.open({ cwd: 'test/stack', projectName: 'test-1', disposeVolumes: true });
 * await stack.up();
 * const { host, port } = await stack.port('web', 80);
 * ```
 *
 * Methods may be called side by side; what changes the project waits for what else changes it, another process's
 * `compose` included. Failures are thrown as on the command line: `AppError` with a code, `DiagnosticsError` with
 * the places in the files.
 */
export class Stack implements AsyncDisposable {
  readonly #context: CommandContext;
  readonly #options: StackOptions;
  readonly #loaded: LoadedProject;
  readonly #watches = new Set<StackWatch>();

  private constructor(context: CommandContext, options: StackOptions, loaded: LoadedProject) {
    this.#context = context;
    this.#options = options;
    this.#loaded = loaded;
  }

  /**
   * Reads the project's files; nothing is started.
   * @throws {DiagnosticsError} every mistake of the files.
   * @throws {AppError} `CLI_FILE_MISSING`
   */
  static async open(options: StackOptions = {}): Promise<Stack> {
    const host = stackHost(options);
    const { flags } = parseGlobalFlags('compose', globalFlags, globalArguments(options));
    const context = new CommandContext(host, readGlobalOptions(flags, host.env), 'compose');
    return new Stack(context, options, await context.load());
  }

  /** The project's name: the first part of its containers' names. */
  get name(): string {
    return this.project.name;
  }

  /** The project as it was read. */
  get project(): Project {
    return this.#loaded.project;
  }

  /** The engine under the stack, for what a stack has no method for. */
  engine(): Promise<Engine> {
    return this.#context.engine();
  }

  /**
   * Creates and starts what is not there or has changed, and waits until it is ready.
   * @throws {AppError} what could not be made or started; a container that ends while it is waited for is told with its last lines.
   */
  async up(options: StackUpOptions = {}): Promise<void> {
    const { services = [], wait = true, recreate = 'changed', scale = {} } = options;
    await this.#run('up', [
      '--detach',
      ...(wait ? ['--wait'] : []),
      ...(options.waitTimeoutS === undefined ? [] : ['--wait-timeout', `${options.waitTimeoutS}`]),
      ...(options.build ? ['--build'] : []),
      ...(options.pull === undefined ? [] : ['--pull', options.pull]),
      ...(recreate === 'always' ? ['--force-recreate'] : []),
      ...(recreate === 'never' ? ['--no-recreate'] : []),
      ...Object.entries(scale).flatMap(([service, count]) => ['--scale', `${service}=${count}`]),
      ...(options.removeOrphans ? ['--remove-orphans'] : []),
      ...(options.renewVolumes ? ['--renew-anon-volumes'] : []),
      '--',
      ...services,
    ]);
  }

  /** Stops and removes the project's containers and networks. */
  async down({ volumes, removeOrphans, timeoutS }: StackDownOptions = {}): Promise<void> {
    for (const watch of this.#watches) await watch.close();
    await this.#run('down', [
      ...(volumes ? ['--volumes'] : []),
      ...(removeOrphans ? ['--remove-orphans'] : []),
      ...(timeoutS === undefined ? [] : ['--timeout', `${timeoutS}`]),
    ]);
  }

  /** Stops services without removing them; all where none is named. */
  stop(...services: readonly string[]): Promise<void> {
    return this.#run('stop', ['--', ...services]);
  }

  start(...services: readonly string[]): Promise<void> {
    return this.#run('start', ['--', ...services]);
  }

  restart(...services: readonly string[]): Promise<void> {
    return this.#run('restart', ['--', ...services]);
  }

  /** The project's containers, also those that do not run, by service and number. */
  async ps(): Promise<StackContainer[]> {
    const containers = await selectContainers(this.#context, this.name, { services: [] });
    return containers.map(({ id, name, service, number, state, info }) => ({
      id,
      name,
      service,
      number,
      state,
      health: healthIn(info.Status),
      status: info.Status,
      ports: info.Ports.flatMap(({ IP, PublicPort, PrivatePort, Type }) =>
        PublicPort === undefined
          ? []
          : [{ hostIp: IP, hostPort: PublicPort, containerPort: PrivatePort, protocol: Type }],
      ),
    }));
  }

  /**
   * Runs a program in a service's container and collects what it prints. An exit code is a result, not an error.
   * @throws {AppError} `PROJECT_SERVICE_NOT_RUNNING`
   */
  async exec(
    service: string,
    argv: readonly string[],
    { index = 0, env = {}, ...options }: StackExecOptions = {},
  ): Promise<ExecResult> {
    const id = await runningContainerId(this.#context, this.name, service, index);
    const engine = await this.engine();
    return engine.exec(id, {
      ...options,
      argv,
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      stdio: 'collect',
    });
  }

  /** What the containers wrote, in the order of time; with `follow` also what they will write. */
  logs(options: StackLogOptions = {}): AsyncGenerator<StackLogLine> {
    return stackLogs(this.#context, this.name, options);
  }

  /**
   * Where this machine reaches a published port.
   * @param port the container's.
   * @throws {AppError} `PROJECT_SERVICE_NOT_RUNNING`, `PROJECT_PORT_NOT_PUBLISHED`
   */
  async port(
    service: string,
    port: number,
    { protocol = 'tcp', index = 0 }: { protocol?: 'tcp' | 'udp'; index?: number } = {},
  ): Promise<{ readonly host: string; readonly port: number }> {
    const { name, info } = await runningContainer(this.#context, this.name, service, index);
    const found = info.Ports.find(
      ({ PrivatePort, PublicPort, Type }) =>
        PublicPort !== undefined && PrivatePort === port && Type === protocol,
    );
    if (found === undefined) {
      throw new AppError(
        'PROJECT_PORT_NOT_PUBLISHED',
        `no port ${port}/${protocol} for container ${name}`,
      );
    }
    return { host: reachable(found.IP), port: found.PublicPort };
  }

  /**
   * Carries changes of the sources to the running containers, as `develop.watch` says, until it is closed. Resolves once no
   * change is missed any more.
   * @throws {AppError} `WATCH_NOT_CONFIGURED`
   */
  async watch({ services = [], prune = true }: StackWatchOptions = {}): Promise<StackWatch> {
    const emitter = new EventEmitter();
    const inner = await openProjectWatch(this.#context, this.#loaded, {
      services,
      prune,
      quiet: false,
      emit: (event) => {
        emitter.emit(event.type, event);
        emitter.emit('any', event);
      },
    });
    await inner.start();
    const watch = new StackWatch(inner, emitter);
    this.#watches.add(watch);
    return watch;
  }

  /** Lets go of what this process holds; the containers go on. */
  async close(): Promise<void> {
    for (const watch of this.#watches) await watch.close();
    this.#watches.clear();
    await this.#context.close();
  }

  /** {@link Stack.down}, with the volumes where the stack was opened with `disposeVolumes`, and {@link Stack.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.down({ volumes: this.#options.disposeVolumes ?? false });
    } finally {
      await this.close();
    }
  }

  /** Runs a command in this process. */
  async #run(name: string, argv: readonly string[]): Promise<void> {
    const command = await composeCommands[name]?.load();
    if (command === undefined) throw new Error(`no command ${name}`);
    const parsed = parseArguments(command, 'compose', argv);
    if ('help' in parsed) return;
    const code = await command.run(this.#context, parsed.args, parsed.flags);
    if (code === 0) return;
    throw new AppError(
      'PROJECT_COMMAND_FAILED',
      `${name} of project ${this.name} ended with exit code ${code}`,
      {
        exitCode: code,
      },
    );
  }
}

function globalArguments(options: StackOptions): string[] {
  const { files = [], profiles = [], envFiles = [], projectName, engine, definition } = options;
  return [
    '--ansi=never',
    '--progress=quiet',
    ...(definition === undefined ? files : ['-']).flatMap((file) => ['--file', file]),
    ...profiles.flatMap((profile) => ['--profile', profile]),
    ...envFiles.flatMap((file) => ['--env-file', file]),
    ...(projectName === undefined ? [] : ['--project-name', projectName]),
    ...(engine === undefined ? [] : ['--engine', engine]),
  ];
}

function healthIn(status: string): StackContainer['health'] {
  if (status.includes('(health: starting)')) return 'starting';
  if (status.includes('(unhealthy)')) return 'unhealthy';
  return status.includes('(healthy)') ? 'healthy' : 'none';
}

/** A port that is published on all addresses is reached at the loopback one. */
function reachable(ip: string): string {
  if (ip === '0.0.0.0' || ip === '') return '127.0.0.1';
  return ip === '::' ? '::1' : ip;
}
