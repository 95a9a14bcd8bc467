import type { ContainerInspectInfo, Listening } from '../../../engine/index.ts';
import { type Greeting, greet, serverKind } from './greeting.ts';

/** What the ports of a container without a healthcheck say. */
export type PortReadiness =
  | { readonly state: 'ready' }
  /** Some listen and the others may never do. */
  | { readonly state: 'partly' | 'waiting'; readonly missing: readonly number[] };

/** Ports that a container is expected to serve, by what asks for them. */
export interface ExpectedPorts {
  readonly ports: readonly number[];
  /** False where only the image names them: images list more than they serve, and one is enough. */
  readonly all: boolean;
}

/** TCP ports: the published ones, else those that the container's settings expose. */
export function expectedPorts({ Config, HostConfig }: ContainerInspectInfo): ExpectedPorts {
  const published = tcpPorts(Object.keys((HostConfig?.PortBindings ?? {}) as object));
  if (published.length > 0) return { ports: published, all: true };
  return { ports: tcpPorts(Object.keys(Config?.ExposedPorts ?? {})), all: false };
}

function tcpPorts(keys: readonly string[]): number[] {
  return keys.flatMap((key) => {
    const [, port, protocol = 'tcp'] = /^(\d+)(?:\/(\w+))?$/.exec(key) ?? [];
    return port === undefined || protocol !== 'tcp' ? [] : [Number(port)];
  });
}

/** How often a server may be silent before it is taken for one that speaks something else. */
const silentTries = 5;

/** Looks at one container's ports again and again; what has greeted once is not asked again. */
export class PortProbe {
  readonly #expected: ExpectedPorts;
  readonly #image: string;
  readonly #done = new Set<number>();
  readonly #silent = new Map<number, number>();

  constructor(info: ContainerInspectInfo) {
    this.#expected = expectedPorts(info);
    this.#image = info.Config?.Image ?? '';
  }

  get isNeeded(): boolean {
    return this.#expected.ports.length > 0;
  }

  async look({ ports: listening, address }: Listening): Promise<PortReadiness> {
    const { ports, all } = this.#expected;
    const open = ports.filter((port) => listening.includes(port));
    for (const port of open) {
      if (await this.#isUp(port, open.length === 1, address)) this.#done.add(port);
      else return { state: 'waiting', missing: [port] };
    }
    const missing = ports.filter((port) => !this.#done.has(port));
    if (missing.length === 0 || (!all && this.#done.size > 0)) return { state: 'ready' };
    return { state: this.#done.size > 0 ? 'partly' : 'waiting', missing };
  }

  async #isUp(port: number, isOnly: boolean, address: string | undefined): Promise<boolean> {
    const kind = serverKind(port, this.#image, isOnly);
    if (this.#done.has(port) || kind === undefined || address === undefined) return true;
    const greeting: Greeting = await greet(kind, address, port);
    if (greeting !== 'silent') return greeting === 'ready';
    const times = (this.#silent.get(port) ?? 0) + 1;
    this.#silent.set(port, times);
    return times >= silentTries;
  }
}
