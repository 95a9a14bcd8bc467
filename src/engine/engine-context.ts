import type { Attachment, NativeClient } from '../runtime/index.ts';
import { appendEvents, type EngineEvent, type StateRoots } from '../state/index.ts';
import type { ContainerRecord } from './container-record.ts';

/** The host's own files, which containers' are made from; read when the first container is created. */
export interface HostFiles {
  /** Names nameservers that can be reached from a container's resolver. */
  readonly resolvConf: string;
  readonly hosts: string;
  readonly hostname: string;
  /** False where the kernel has no IPv6, or it is switched off. */
  readonly hasIpv6: boolean;
}

/** What an engine is made from; nothing of it is read from the process's own surroundings. */
export interface EngineOptions {
  readonly roots: StateRoots;
  /** Absolute path of coracle-runtime; coracle-init stands beside it. */
  readonly nativeBinary: string;
  /** Milliseconds since 1970: `Date.now`. */
  readonly clock: () => number;
  /** Of it, `CORACLE_ADDRESS_POOLS` is read. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Told what went wrong with something else than what was asked for: left-overs that cannot be cleaned up. */
  readonly warn?: (message: string) => void;
  /** Called with the name of each request to the native client; what it returns is called at the answer. */
  readonly onNativeRequest?: (op: string) => () => void;
  /** In place of the host's own, for tests. */
  readonly hostFiles?: HostFiles;
}

/** A client that waits for a container's start. */
export interface PendingAttachment {
  readonly stdin: boolean;
  readonly resolve: (attachment: Attachment) => void;
  readonly reject: (error: unknown) => void;
}

/** What the parts of one engine share. */
export interface EngineContext {
  readonly roots: StateRoots;
  readonly nativeBinary: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly warn: (message: string) => void;
  /** Filled by the first creation. */
  hostFiles: HostFiles | undefined;
  /** By network id: when its bridge was last made sure of. */
  readonly ensuredBridges: Map<string, { readonly at: number; readonly done: Promise<void> }>;
  /** By container name: clients that are to be attached from its next start on. */
  readonly startAttachments: Map<string, PendingAttachment>;
  /** Milliseconds since 1970. */
  now(): number;
  /** RFC 3339 with nanoseconds; two calls never answer the same, so that records can be put in order by it. */
  timestamp(): string;
  /** The native client, loaded and started by its first use. */
  native(): Promise<NativeClient>;
  close(): Promise<void>;
}

export function engineContext(options: EngineOptions): EngineContext {
  let client: Promise<NativeClient> | undefined;
  let lastNano = 0n;
  const { nativeBinary, onNativeRequest } = options;
  return {
    roots: options.roots,
    nativeBinary,
    env: options.env ?? {},
    warn: options.warn ?? (() => undefined),
    ensuredBridges: new Map(),
    startAttachments: new Map(),
    hostFiles: options.hostFiles,
    now: options.clock,
    timestamp() {
      const nano = BigInt(options.clock()) * 1_000_000n;
      lastNano = nano > lastNano ? nano : lastNano + 1n;
      const ms = Number(lastNano / 1_000_000n);
      const rest = String(lastNano % 1_000_000n).padStart(6, '0');
      return new Date(ms).toISOString().replace('Z', `${rest}Z`);
    },
    native() {
      // Loaded here, so that listing containers loads nothing that only a start needs.
      client ??= import('../runtime/index.ts').then(
        ({ NativeClient: Client }) => new Client(nativeBinary, onNativeRequest),
      );
      return client;
    },
    async close() {
      const open = client;
      client = undefined;
      await (await open)?.close();
    },
  };
}

/** Tells whoever follows the events what the engine did; what happens to a process, its shim tells. */
export function emit(
  context: EngineContext,
  type: EngineEvent['Type'],
  action: string,
  actor: { readonly id: string; readonly attributes: Readonly<Record<string, string>> },
): void {
  const ms = context.now();
  appendEvents(context.roots, [
    {
      Type: type,
      Action: action,
      Actor: { ID: actor.id, Attributes: actor.attributes },
      scope: 'local',
      time: Math.floor(ms / 1000),
      timeNano: ms * 1e6,
    },
  ]);
}

export function emitContainer(
  context: EngineContext,
  action: string,
  record: ContainerRecord,
  more: Readonly<Record<string, string>> = {},
): void {
  emit(context, 'container', action, {
    id: record.id,
    attributes: {
      ...record.config.Labels,
      ...more,
      image: record.config.Image,
      name: record.name,
    },
  });
}
