import type Dockerode from 'dockerode';
import { AppError } from '../../core/index.ts';
import type { ContainerApi, HealthStatus, ImageApi, NetworkApi, VolumeApi } from '../api.ts';
import type { RestartPolicy } from '../container-record.ts';
import type { Engine } from '../engine.ts';
import { connect } from './connection.ts';
import { dockerEvents } from './docker-events.ts';
import { dockerExec } from './docker-exec.ts';
import { dockerListening } from './docker-listening.ts';
import { dockerLog } from './docker-log.ts';
import { answered, unlessThatAlready } from './refusal.ts';
import { withProfiles } from './security-profiles.ts';

/** Where the Docker Engine is, and what of this process it needs. */
export interface DockerEngineOptions {
  /** `unix:///var/run/docker.sock` or `tcp://127.0.0.1:2375`. */
  readonly address: string;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** How often health is asked for: Docker tells of its changes, but not to those who come late. */
const healthMs = 50;

/** @throws {AppError} `CLI_USAGE` for an address of another kind. */
export function dockerEngine({ address, sleep }: DockerEngineOptions): Engine {
  const { docker, close } = connect(address);
  const container = (id: string) => docker.getContainer(id);
  const engine: Partial<Engine> = {
    async createContainer(options) {
      refuseRestartTimes(options.HostConfig?.RestartPolicy);
      const { id } = await answered(docker.createContainer(withProfiles(options)));
      return containerApi(docker, id);
    },
    getContainer: (idOrName) => containerApi(docker, idOrName),
    listContainers: (options) => answered(docker.listContainers(options)),
    async createNetwork(options) {
      const { id } = await answered(docker.createNetwork(options));
      return networkApi(docker, id);
    },
    getNetwork: (idOrName) => networkApi(docker, idOrName),
    listNetworks: (options) => answered(docker.listNetworks(options)),
    createVolume: (options) => answered(docker.createVolume(options)),
    getVolume: (name) => volumeApi(docker, name),
    listVolumes: (options) => answered(docker.listVolumes(options)),
    getImage: (reference) => imageApi(docker, reference),
    listImages: (options) => answered(docker.listImages(options)),

    logEntries: (id, options) => dockerLog(container(id), options),
    async *logBatches(id, options) {
      for await (const entry of dockerLog(container(id), options)) yield [entry];
    },
    exec: (id, options) => dockerExec(docker, id, options),
    async waitHealth(id, signal) {
      for (;;) {
        const { State } = await answered(container(id).inspect());
        if (!State.Running) return { status: 'exited', exitCode: State.ExitCode };
        const status = (State.Health?.Status ?? 'none') as HealthStatus;
        if (status !== 'starting') return { status };
        await sleep(healthMs, signal);
        signal?.throwIfAborted();
      }
    },
    listening: async (id) => dockerListening(await answered(container(id).inspect())),
    canUpdate: false,
    updateContainer: () => refuse('updateContainer'),
    events: (options) => dockerEvents(docker, options),
    repair: () => Promise.resolve(),
    close: async () => close(),
  };
  return refusingTheRest(engine);
}

function containerApi(docker: Dockerode, idOrName: string): ContainerApi {
  const container = docker.getContainer(idOrName);
  return {
    id: idOrName,
    inspect: () => answered(container.inspect()),
    start: () => unlessThatAlready(container.start()),
    stop: (options) => unlessThatAlready(container.stop(options)),
    restart: (options) => answered(container.restart(options)),
    kill: (options) => answered(container.kill(options)),
    pause: () => answered(container.pause()),
    unpause: () => answered(container.unpause()),
    remove: (options) => answered(container.remove(options)),
    wait: (options) => answered(container.wait(options)),
  };
}

function networkApi(docker: Dockerode, idOrName: string): NetworkApi {
  const network = docker.getNetwork(idOrName);
  return {
    id: idOrName,
    inspect: () => answered(network.inspect()),
    remove: () => answered(network.remove()),
  };
}

function volumeApi(docker: Dockerode, name: string): VolumeApi {
  const volume = docker.getVolume(name);
  return {
    name,
    inspect: () => answered(volume.inspect()),
    remove: () => answered(volume.remove()),
  };
}

function imageApi(docker: Dockerode, reference: string): ImageApi {
  const image = docker.getImage(reference);
  return {
    inspect: () => answered(image.inspect()),
    remove: (options) => answered(image.remove(options)),
  };
}

/** Docker takes a restart policy's further fields and does not heed them. */
function refuseRestartTimes(policy: RestartPolicy | undefined): void {
  const field = (['Delay', 'Window', 'MaxAttempts'] as const).find((name) => policy?.[name]);
  if (field === undefined) return;
  throw new AppError(
    'ENGINE_DOCKER_UNSUPPORTED',
    `a Docker Engine's restart policies have no "${field}"; a file says it by deploy.restart_policy`,
  );
}

/** What only our own engine answers, as a refusal that says so. */
function refusingTheRest(engine: Partial<Engine>): Engine {
  return new Proxy(engine, {
    get(target, name, receiver): unknown {
      const own: unknown = Reflect.get(target, name, receiver);
      // A promise looks for `then`, to see whether it is to wait for one.
      if (own !== undefined || typeof name === 'symbol' || name === 'then') return own;
      return () => refuse(name);
    },
  }) as Engine;
}

function refuse(what: string): Promise<never> {
  return Promise.reject(
    new AppError(
      'ENGINE_DOCKER_UNSUPPORTED',
      `a Docker Engine has no "${what}" as it is meant here`,
    ),
  );
}
