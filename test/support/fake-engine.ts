import type {
  ComposeEngine,
  ContainerApi,
  ContainerCreateOptions,
  ContainerInfo,
  ContainerInspectInfo,
  ContainerUpdate,
  ExecOptions,
  ExecResult,
  Filters,
  HealthStatus,
  ImageApi,
  ImageInfo,
  LogEntry,
  LogOptions,
  NetworkApi,
  NetworkCreateOptions,
  NetworkInspectInfo,
  SyncOptions,
  SyncResult,
  VolumeApi,
  VolumeCreateOptions,
  VolumeInspectInfo,
} from '../../src/engine/index.ts';

/** An error as the engine answers it: dockerode's callers look at `statusCode`. */
class FakeEngineError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

interface FakeContainer {
  readonly id: string;
  options: ContainerCreateOptions;
  state: 'created' | 'running' | 'paused' | 'exited';
  exitCode: number;
  health: HealthStatus;
  restarts: number;
  readonly log: LogEntry[];
}

/** How a container behaves once it is started. */
export interface FakeBehaviour {
  readonly health?: HealthStatus;
  /** It ends at once with this code. */
  readonly exitCode?: number;
  readonly log?: readonly string[];
  /** It ends again and again, with this code, and is started again each time. */
  readonly restartsWith?: number;
  /** Ports that are published, and those that listen. */
  readonly ports?: {
    readonly published: readonly number[];
    readonly listening: () => readonly number[];
  };
}

/**
 * An engine in memory that keeps the contract of {@link ComposeEngine}: names are unique, a missing thing answers 404, a
 * running container cannot be removed without force, a network in use cannot be removed at all. Every call
 * is noted in `calls`, and any call can be made to fail.
 */
export class FakeEngine implements ComposeEngine {
  readonly calls: string[] = [];
  canUpdate = true;
  readonly #containers = new Map<string, FakeContainer>();
  readonly #networks = new Map<string, NetworkCreateOptions>();
  readonly #volumes = new Map<string, VolumeCreateOptions>();
  readonly #images = new Map<string, string>();
  readonly #behaviours = new Map<string, FakeBehaviour>();
  readonly #failures = new Map<string, Error>();
  readonly #execCodes = new Map<string, number>();
  #serial = 0;
  #underWay = 0;
  /** Most calls that were under way at once. */
  peak = 0;

  addImage(reference: string, id = `sha256:${'a'.repeat(64)}`): void {
    this.#images.set(reference, id);
  }

  /** What a container of this name does when it is started. */
  behave(name: string, behaviour: FakeBehaviour): void {
    this.#behaviours.set(name, behaviour);
  }

  /** Makes a call fail: `start todo-db-1`, as `calls` has it. */
  failAt(call: string, error: Error = new Error(`${call} was made to fail`)): void {
    this.#failures.set(call, error);
  }

  /** From now on nothing fails. */
  heal(): void {
    this.#failures.clear();
  }

  /** What a command that is run inside any container ends with. */
  execEndsWith(program: string, exitCode: number): void {
    this.#execCodes.set(program, exitCode);
  }

  get containerNames(): string[] {
    return [...this.#containers.values()].map(({ options }) => options.name ?? '').sort();
  }

  stateOf(name: string): string | undefined {
    return [...this.#containers.values()].find(({ options }) => options.name === name)?.state;
  }

  async createContainer(options: ContainerCreateOptions): Promise<ContainerApi> {
    await this.#note(`create ${options.name}`);
    if (this.containerNames.includes(options.name ?? '')) {
      throw new FakeEngineError(409, `container name ${options.name} is in use`);
    }
    if (!this.#images.has(options.Image ?? '')) {
      throw new FakeEngineError(404, `no such image: ${options.Image}`);
    }
    this.#serial += 1;
    const id = String(this.#serial).padStart(64, '0');
    this.#containers.set(id, {
      id,
      options,
      state: 'created',
      exitCode: 0,
      health: 'none',
      restarts: 0,
      log: [],
    });
    return this.getContainer(id);
  }

  getContainer(idOrName: string): ContainerApi {
    const find = () => this.#find(idOrName);
    const note = (verb: string) => this.#note(`${verb} ${this.#nameOf(idOrName)}`);
    return {
      id: idOrName,
      inspect: async () => this.#inspect(find()),
      start: async () => {
        await note('start');
        this.#start(find());
      },
      stop: async () => {
        await note('stop');
        const container = find();
        if (container.state === 'running') container.exitCode = 143;
        if (container.state !== 'created') container.state = 'exited';
      },
      restart: async () => {
        await note('restart');
        this.#start(find());
      },
      kill: async ({ signal = 'SIGKILL' } = {}) => {
        await note(`kill ${signal}`);
        const container = find();
        if (container.state !== 'running') throw new FakeEngineError(409, 'not running');
        container.state = 'exited';
        container.exitCode = 137;
      },
      pause: async () => {
        await note('pause');
        find().state = 'paused';
      },
      unpause: async () => {
        await note('unpause');
        find().state = 'running';
      },
      remove: async ({ force = false } = {}) => {
        await note('remove');
        const container = find();
        if (container.state === 'running' && !force) throw new FakeEngineError(409, 'it runs');
        this.#containers.delete(container.id);
      },
      wait: async () => ({ StatusCode: find().exitCode }),
    };
  }

  async listContainers(
    options: { all?: boolean; filters?: Filters } = {},
  ): Promise<ContainerInfo[]> {
    return [...this.#containers.values()]
      .filter(({ state }) => options.all || state === 'running')
      .filter(({ options: { Labels } }) => matches(Labels, options.filters))
      .map((container) => this.#info(container));
  }

  async createNetwork(options: NetworkCreateOptions): Promise<NetworkApi> {
    await this.#note(`create network ${options.Name}`);
    this.#networks.set(options.Name, options);
    return this.getNetwork(options.Name);
  }

  getNetwork(name: string): NetworkApi {
    return {
      id: name,
      inspect: async () => this.#networkInfo(name),
      remove: async () => {
        await this.#note(`remove network ${name}`);
        if (!this.#networks.has(name)) throw new FakeEngineError(404, `no network ${name}`);
        const used = [...this.#containers.values()].some(
          ({ options }) => options.NetworkingConfig?.EndpointsConfig?.[name] !== undefined,
        );
        if (used) throw new FakeEngineError(403, `network ${name} has active endpoints`);
        this.#networks.delete(name);
      },
    };
  }

  async listNetworks({ filters }: { filters?: Filters } = {}): Promise<NetworkInspectInfo[]> {
    return [...this.#networks]
      .filter(([, { Labels }]) => matches(Labels, filters))
      .map(([name]) => this.#networkInfo(name));
  }

  async createVolume(options: VolumeCreateOptions): Promise<unknown> {
    await this.#note(`create volume ${options.Name}`);
    this.#volumes.set(options.Name ?? '', options);
    return this.getVolume(options.Name ?? '');
  }

  getVolume(name: string): VolumeApi {
    return {
      name,
      inspect: async () => this.#volumeInfo(name),
      remove: async () => {
        await this.#note(`remove volume ${name}`);
        if (!this.#volumes.delete(name)) throw new FakeEngineError(404, `no volume ${name}`);
      },
    };
  }

  async listVolumes({ filters }: { filters?: Filters } = {}) {
    return {
      Volumes: [...this.#volumes]
        .filter(([, { Labels }]) => matches(Labels, filters))
        .map(([name]) => this.#volumeInfo(name)),
    };
  }

  getImage(reference: string): ImageApi {
    return {
      inspect: async () => {
        const id = this.#images.get(reference);
        if (id === undefined) throw new FakeEngineError(404, `no such image: ${reference}`);
        return { Id: id } as Awaited<ReturnType<ImageApi['inspect']>>;
      },
      remove: async () => {
        await this.#note(`remove image ${reference}`);
        this.#images.delete(reference);
      },
    };
  }

  async listImages(): Promise<ImageInfo[]> {
    return [...this.#images].map(([name, Id]) => ({ Id, RepoTags: [name] }) as ImageInfo);
  }

  async *logEntries(idOrName: string, { tail = 'all' }: LogOptions = {}): AsyncIterable<LogEntry> {
    const { log } = this.#find(idOrName);
    yield* tail === 'all' ? log : log.slice(-tail);
  }

  async *logBatches(id: string, options?: LogOptions): AsyncIterable<readonly LogEntry[]> {
    for await (const entry of this.logEntries(id, options)) yield [entry];
  }

  async syncFiles(id: string, { paths }: SyncOptions): Promise<SyncResult> {
    await this.#note(`sync ${this.#nameOf(id)} ${paths.join(' ')}`);
    if (this.#find(id).state !== 'running') throw new FakeEngineError(409, 'not running');
    return { written: paths, removed: [], errors: [], failures: 0 };
  }

  async exec(idOrName: string, { argv }: ExecOptions): Promise<ExecResult> {
    await this.#note(`exec ${this.#nameOf(idOrName)} ${argv.join(' ')}`);
    return { exitCode: this.#execCodes.get(argv[0] ?? '') ?? 0, stdout: 'said\n', stderr: '' };
  }

  async listening(idOrName: string) {
    const { ports } = this.#behaviourOf(this.#find(idOrName));
    return { ports: ports?.listening() ?? [] };
  }

  async updateContainer(idOrName: string, update: ContainerUpdate): Promise<void> {
    await this.#note(`update ${this.#nameOf(idOrName)}`);
    const container = this.#find(idOrName);
    container.options = {
      ...container.options,
      Labels: { ...update.Labels },
      HostConfig: { ...container.options.HostConfig, ...update.HostConfig },
    };
  }

  async waitHealth(
    idOrName: string,
  ): Promise<{ status: HealthStatus | 'exited'; exitCode?: number }> {
    const { state, health, exitCode } = this.#find(idOrName);
    await this.#note(`health ${this.#nameOf(idOrName)}`);
    return state === 'exited' ? { status: 'exited', exitCode } : { status: health };
  }

  /** Nothing is told: what the tests look at is `calls`. */
  async *events(): AsyncGenerator<never> {
    await this.#note('events');
    yield* [];
  }

  async close(): Promise<void> {
    await this.#note('close');
  }

  #start(container: FakeContainer): void {
    const {
      health = 'none',
      exitCode,
      log = [],
    } = this.#behaviours.get(container.options.name ?? '') ?? {};
    container.state = exitCode === undefined ? 'running' : 'exited';
    container.exitCode = exitCode ?? 0;
    container.health = health;
    for (const line of log) {
      container.log.push({
        stream: 'stdout',
        time: `2026-01-01T00:00:00.${String(container.log.length).padStart(9, '0')}Z`,
        line: Buffer.from(line),
        partial: false,
      });
    }
  }

  /** Notes the call, lets others run meanwhile, then fails if it was asked to. */
  async #note(call: string): Promise<void> {
    this.calls.push(call);
    this.#underWay += 1;
    this.peak = Math.max(this.peak, this.#underWay);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    this.#underWay -= 1;
    const failure = this.#failures.get(call);
    if (failure !== undefined) throw failure;
  }

  #find(idOrName: string): FakeContainer {
    const found =
      this.#containers.get(idOrName) ??
      [...this.#containers.values()].find(({ options }) => options.name === idOrName);
    if (found === undefined) throw new FakeEngineError(404, `no such container: ${idOrName}`);
    return found;
  }

  #nameOf(idOrName: string): string {
    return this.#containers.get(idOrName)?.options.name ?? idOrName;
  }

  #info({ id, options, state, exitCode }: FakeContainer): ContainerInfo {
    return {
      Id: id,
      Names: [`/${options.name}`],
      Image: options.Image ?? '',
      ImageID: this.#images.get(options.Image ?? '') ?? '',
      Command: (options.Cmd ?? []).join(' '),
      Created: 0,
      Ports: [],
      Labels: options.Labels ?? {},
      State: state,
      Status: state === 'exited' ? `Exited (${exitCode}) 1 second ago` : 'Up 1 second',
      HostConfig: { NetworkMode: options.HostConfig?.NetworkMode ?? '' },
      NetworkSettings: {
        Networks: (options.NetworkingConfig?.EndpointsConfig ??
          {}) as ContainerInfo['NetworkSettings']['Networks'],
      },
      Mounts: [],
    };
  }

  #inspect(container: FakeContainer): ContainerInspectInfo {
    const { id, options, state, exitCode } = container;
    const { restartsWith, ports } = this.#behaviourOf(container);
    if (restartsWith !== undefined) container.restarts += 1;
    const published = ports?.published.map((port) => [`${port}/tcp`, [{}]]) ?? [];
    return {
      Id: id,
      Name: `/${options.name}`,
      State: {
        Status: restartsWith === undefined ? state : 'restarting',
        ExitCode: restartsWith ?? exitCode,
        Running: state === 'running',
        Pid: 0,
      },
      RestartCount: container.restarts,
      HostConfig: { PortBindings: Object.fromEntries(published) },
    } as unknown as ContainerInspectInfo;
  }

  #behaviourOf({ options }: FakeContainer): FakeBehaviour {
    return this.#behaviours.get(options.name ?? '') ?? {};
  }

  #networkInfo(name: string): NetworkInspectInfo {
    const options = this.#networks.get(name);
    if (options === undefined) throw new FakeEngineError(404, `no network ${name}`);
    return { Name: name, Id: name, Labels: options.Labels } as NetworkInspectInfo;
  }

  #volumeInfo(name: string): VolumeInspectInfo {
    const options = this.#volumes.get(name);
    if (options === undefined) throw new FakeEngineError(404, `no volume ${name}`);
    return { Name: name, Labels: options.Labels ?? {} } as VolumeInspectInfo;
  }
}

function matches(
  labels: Readonly<Record<string, string>> | undefined,
  filters: Filters | undefined,
): boolean {
  return (filters?.label ?? []).every((filter) => {
    const at = filter.indexOf('=');
    return at < 0
      ? labels?.[filter] !== undefined
      : labels?.[filter.slice(0, at)] === filter.slice(at + 1);
  });
}
