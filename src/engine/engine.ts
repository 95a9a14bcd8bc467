import type {
  ComposeEngine,
  ContainerApi,
  ContainerInfo,
  ImageApi,
  NetworkApi,
  VolumeApi,
} from './api.ts';
import type { StepRequest, StepResult } from './build/run-step.ts';
import { type Attachment, attachOnStart } from './control/attach-on-start.ts';
import { followEvents } from './control/follow-events.ts';
import { type EngineContext, type EngineOptions, engineContext } from './engine-context.ts';
import type { CommitOptions } from './files/commit-container.ts';
import type { Files } from './files/container-files.ts';
import { type EngineInfo, engineInfo } from './observe/engine-info.ts';
import { inspectInfo } from './observe/inspect-info.ts';
import {
  listContainers,
  observeContainer,
  observeContainers,
} from './observe/observed-containers.ts';
import type { ContainerStats } from './stats/container-stats.ts';

/** What our engine answers beyond what compose asks of one. */
export interface Engine extends ComposeEngine {
  /** Puts right what killed commands left behind; every command that changes something begins with it by itself. */
  repair(): Promise<void>;
  /** Attaches a container to one more network, with Docker's `EndpointSettings`; one that runs has it at once. */
  connectNetwork(network: string, container: string, settings?: object): Promise<void>;
  /** `force`: a container that does not exist is no error. */
  disconnectNetwork(
    network: string,
    container: string,
    options?: { force?: boolean },
  ): Promise<void>;
  info(): Promise<EngineInfo>;
  /** The containers that do not run and that their restart policies want running after a boot, as a Docker daemon's start does. */
  wantedAtBoot(): Promise<ContainerInfo[]>;
  /** A running container's input and output, from now on. */
  attach(idOrName: string, options: { stdin: boolean }): Promise<Attachment>;
  /** The same from before the first byte of its next start by this engine; it need not exist yet. */
  attachOnStart(name: string, options: { stdin: boolean }): Promise<Attachment>;
  /** What a container uses now; undefined where it does not run. */
  stats(idOrName: string): Promise<ContainerStats | undefined>;
  /** Process ids of a running container. */
  processes(idOrName: string): Promise<number[]>;
  /** Files to copy from or to: a container's, or without a name the host's. @throws {AppError} `ENGINE_CONTAINER_NOT_FOUND` */
  files(idOrName?: string): Promise<Files>;
  /** Writes the container's root file system, without its volumes, as a tar archive to an open descriptor. */
  exportContainer(idOrName: string, output: number): Promise<void>;
  /** What the container has changed on its root, sorted by path. */
  changes(idOrName: string): Promise<{ kind: 'A' | 'C' | 'D'; path: string }[]>;
  /** Makes an image of what the container has changed; its id. */
  commit(idOrName: string, options: CommitOptions): Promise<string>;
  /** Runs one step of a build in a container that exists for nobody else. */
  runStep(step: StepRequest): Promise<StepResult>;
}

/**
 * Makes an engine. Nothing is opened, spawned or loaded before it is needed: asking for the containers there are only reads
 * files. Several engines, in one process or many, may work on the same roots.
 */
export function createEngine(options: EngineOptions): Engine {
  const context = engineContext(options);
  const repaired = repairNowAndThen(context);
  return {
    async createContainer(createOptions) {
      await repaired();
      const { createContainer } = await import('./create/create-container.ts');
      return containerApi(context, await createContainer(context, createOptions), repaired);
    },
    getContainer: (idOrName) => containerApi(context, idOrName, repaired),
    listContainers: (listOptions) => listContainers(context, listOptions),

    async createNetwork(createOptions) {
      const { createEngineNetwork } = await import('./networks/networks.ts');
      return networkApi(context, await createEngineNetwork(context, createOptions));
    },
    getNetwork: (idOrName) => networkApi(context, idOrName),
    async listNetworks(listOptions) {
      const { listEngineNetworks } = await import('./networks/networks.ts');
      return listEngineNetworks(context, listOptions?.filters);
    },

    async connectNetwork(network, container, settings) {
      await repaired();
      const { connectNetwork } = await import('./networks/connect.ts');
      await connectNetwork(context, network, container, settings);
    },
    async disconnectNetwork(network, container, disconnectOptions) {
      await repaired();
      const { disconnectNetwork } = await import('./networks/connect.ts');
      await disconnectNetwork(context, network, container, disconnectOptions);
    },

    async createVolume(createOptions) {
      const { createEngineVolume } = await import('./volumes/volumes.ts');
      return createEngineVolume(context, createOptions);
    },
    getVolume: (name) => volumeApi(context, name),
    async listVolumes(listOptions) {
      const { listEngineVolumes } = await import('./volumes/volumes.ts');
      return { Volumes: listEngineVolumes(context, listOptions?.filters) };
    },

    getImage: (reference) => imageApi(context, reference),
    async listImages(listOptions) {
      const { listImages } = await import('../image/index.ts');
      return listImages(context.roots, { filters: listOptions?.filters ?? {} });
    },

    async *logEntries(idOrName, logOptions) {
      const { containerLog } = await import('./control/container-log.ts');
      for await (const entries of containerLog(context, idOrName, logOptions)) yield* entries;
    },
    async *logBatches(idOrName, logOptions) {
      const { containerLog } = await import('./control/container-log.ts');
      yield* containerLog(context, idOrName, logOptions);
    },
    async exec(idOrName, execOptions) {
      const { execInContainer } = await import('./control/exec-container.ts');
      return execInContainer(context, idOrName, execOptions);
    },
    async syncFiles(idOrName, syncOptions) {
      const { syncFiles } = await import('./control/sync-files.ts');
      return syncFiles(context, idOrName, syncOptions);
    },
    async waitHealth(idOrName, signal) {
      const { waitHealth } = await import('./control/wait-health.ts');
      return waitHealth(context, idOrName, signal);
    },
    async listening(idOrName) {
      const { listening } = await import('./observe/listening.ts');
      return listening(context, idOrName);
    },
    canUpdate: true,
    async updateContainer(idOrName, update) {
      await repaired();
      const { updateContainer } = await import('./control/update-container.ts');
      await updateContainer(context, idOrName, update);
    },
    events: (eventOptions) => followEvents(context.roots, eventOptions),
    repair: async () => (await import('./repair.ts')).repair(context),
    info: async () => engineInfo(context),
    async wantedAtBoot() {
      await repaired();
      return (await import('./observe/wanted-at-boot.ts')).wantedAtBoot(context);
    },
    async attach(idOrName, attachOptions) {
      return (await import('./control/attach.ts')).attachTo(context, idOrName, attachOptions);
    },
    attachOnStart: (name, attachOptions) => attachOnStart(context, name, attachOptions),
    async stats(idOrName) {
      return (await import('./stats/container-stats.ts')).containerStats(context, idOrName);
    },
    async processes(idOrName) {
      return (await import('./stats/container-stats.ts')).containerProcesses(context, idOrName);
    },
    async files(idOrName) {
      const { containerFiles, hostFilesAccess } = await import('./files/container-files.ts');
      return idOrName === undefined ? hostFilesAccess(context) : containerFiles(context, idOrName);
    },
    async exportContainer(idOrName, output) {
      return (await import('./files/container-files.ts')).exportContainer(
        context,
        idOrName,
        output,
      );
    },
    async changes(idOrName) {
      return (await import('./files/container-files.ts')).containerChanges(context, idOrName);
    },
    async commit(idOrName, commitOptions) {
      await repaired();
      const { commitContainer } = await import('./files/commit-container.ts');
      return commitContainer(context, idOrName, commitOptions);
    },
    async runStep(step) {
      await repaired();
      const { runStep } = await import('./build/run-step.ts');
      return runStep(context, step);
    },
    close: () => context.close(),
  };
}

/** Long enough that fifty creations of one `up` look once, short enough for a command that stays. */
const repairEveryMs = 5_000;

/** Runs the repair when the last one is some time ago; those who ask meanwhile wait for the same one. */
function repairNowAndThen(context: EngineContext): () => Promise<void> {
  let last: { readonly at: number; readonly done: Promise<void> } | undefined;
  return () => {
    const now = context.now();
    if (last === undefined || now - last.at > repairEveryMs) {
      last = { at: now, done: import('./repair.ts').then(({ repair }) => repair(context)) };
    }
    return last.done;
  };
}

function containerApi(
  context: EngineContext,
  idOrName: string,
  repaired: () => Promise<void>,
): ContainerApi {
  const control = async () => {
    await repaired();
    return import('./control/control-container.ts');
  };
  return {
    id: idOrName,
    inspect: async () => inspectInfo(observeContainer(context, idOrName), context.roots),
    async start() {
      await repaired();
      const { startContainer } = await import('./control/start-container.ts');
      await startContainer(context, idOrName);
    },
    stop: async (options) => (await control()).stopContainer(context, idOrName, options),
    restart: async (options) => (await control()).restartContainer(context, idOrName, options),
    kill: async (options) => (await control()).killContainer(context, idOrName, options),
    pause: async () => (await control()).pauseContainer(context, idOrName),
    unpause: async () => (await control()).unpauseContainer(context, idOrName),
    async remove(options) {
      await repaired();
      const { removeContainer } = await import('./control/remove-container.ts');
      await removeContainer(context, idOrName, options);
    },
    async wait(options) {
      const { waitContainer } = await import('./control/wait-container.ts');
      return waitContainer(context, idOrName, options?.condition);
    },
  };
}

function networkApi(context: EngineContext, idOrName: string): NetworkApi {
  const networks = () => import('./networks/networks.ts');
  return {
    id: idOrName,
    inspect: async () => (await networks()).inspectNetwork(context, idOrName),
    remove: async () => (await networks()).removeEngineNetwork(context, idOrName),
  };
}

function volumeApi(context: EngineContext, name: string): VolumeApi {
  const volumes = () => import('./volumes/volumes.ts');
  return {
    name,
    inspect: async () => (await volumes()).inspectVolume(context, name),
    remove: async () => (await volumes()).removeEngineVolume(context, name),
  };
}

function imageApi(context: EngineContext, reference: string): ImageApi {
  const images = () => import('../image/index.ts');
  return {
    inspect: async () => (await images()).inspectImage(context.roots, reference),
    async remove(options) {
      const usedBy = (imageId: string) =>
        observeContainers(context)
          .filter(({ record }) => record.imageId === imageId)
          .map(({ record }) => record.name);
      const { removeImage } = await images();
      return removeImage(context.roots, reference, { force: options?.force ?? false, usedBy });
    },
  };
}
