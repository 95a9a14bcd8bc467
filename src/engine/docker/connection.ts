import { Agent } from 'node:http';
import Dockerode from 'dockerode';
import { AppError } from '../../core/index.ts';

/** A client of a Docker Engine, and how to end what is still open of it. */
export interface DockerConnection {
  readonly docker: Dockerode;
  /** Streams of events and logs end with it, so that nothing keeps the process. */
  close(): void;
}

/**
 * A client of the Docker Engine at `unix:///PATH` or `tcp://HOST:PORT`; nothing is opened yet.
 * @throws {AppError} `CLI_USAGE` for an address of another kind.
 */
export function connect(address: string): DockerConnection {
  const agent = new Agent({ keepAlive: true });
  // The types of dockerode do not know that it takes an agent.
  const options = { ...place(address), agent } as Dockerode.DockerOptions;
  const docker = new Dockerode(options);
  return { docker, close: () => agent.destroy() };
}

function place(address: string): Dockerode.DockerOptions {
  const socket = /^unix:\/\/(\/.+)$/.exec(address)?.[1];
  if (socket !== undefined) return { socketPath: socket };
  const [, host, port = '2375'] =
    /^(?:tcp|http):\/\/([^/:]+|\[[^\]]+\])(?::(\d+))?\/?$/.exec(address) ?? [];
  if (host !== undefined) return { protocol: 'http', host, port: Number(port) };
  throw new AppError(
    'CLI_USAGE',
    `--engine ${address}: it must be unix:///PATH or tcp://HOST:PORT`,
  );
}
