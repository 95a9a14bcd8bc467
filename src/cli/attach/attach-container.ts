import type { Attachment, Engine } from '../../engine/index.ts';
import type { CommandContext } from '../context.ts';
import type { ProxiedSignal } from '../host.ts';
import { defaultDetachKeys, type KeySequence } from './detach-keys.ts';
import { feedInput } from './feed-input.ts';

/** How a container is attached to. */
export interface AttachContainerOptions {
  /** Standard input goes to the container. */
  readonly stdin: boolean;
  /** The container has a terminal: this one is put into raw mode and its size passed on. */
  readonly tty: boolean;
  /** Signals that this process gets go to the container; the default. Never with a terminal, whose keys do that. */
  readonly sigProxy?: boolean;
  /** Leaves the container running; only with a terminal. */
  readonly detachKeys?: KeySequence;
  /** Told where the user has detached. */
  readonly onDetach?: () => void;
  /** Begins at its start, which this carries out: nothing that it writes is missed. Else the container runs already. */
  readonly start?: () => Promise<unknown>;
}

/**
 * Shows a container's output as it is, and feeds its input, until it has ended for good or the user detaches.
 * @param name  its name.
 * @returns its exit code; 0 after a detach.
 */
export async function attachUntilExit(
  context: CommandContext,
  name: string,
  options: AttachContainerOptions,
): Promise<number> {
  const engine = await context.engine();
  const offs = forwardSignals(context, engine, name, options);
  try {
    const attachment = await open(engine, name, options);
    const detached = options.tty
      ? await showTerminal(context, attachment, options)
      : await showStreams(context, attachment, options);
    if (detached) {
      options.onDetach?.();
      return 0;
    }
    return (await engine.getContainer(name).wait()).StatusCode;
  } finally {
    for (const off of offs) off();
  }
}

async function open(
  engine: Engine,
  name: string,
  { stdin, start }: AttachContainerOptions,
): Promise<Attachment> {
  if (start === undefined) return engine.attach(name, { stdin });
  const attachment = engine.attachOnStart(name, { stdin });
  await start();
  return attachment;
}

async function showStreams(
  context: CommandContext,
  attachment: Attachment,
  { stdin }: AttachContainerOptions,
): Promise<boolean> {
  const { stdout, stderr } = context.host;
  const stop = stdin ? feedInput(attachment, {}) : () => undefined;
  try {
    for await (const { stream, data } of attachment) {
      await written(stream === 'stderr' ? stderr : stdout, data);
    }
    return false;
  } finally {
    stop();
    attachment.detach();
  }
}

/** Raw mode, input, size and output of a container with a terminal of its own. */
async function showTerminal(
  context: CommandContext,
  attachment: Attachment,
  { stdin, detachKeys = defaultDetachKeys }: AttachContainerOptions,
): Promise<boolean> {
  const { host } = context;
  const rows = () => host.terminalRows();
  // Once with another height, so that a program which is drawn already draws itself again.
  attachment.resize(rows() + 1, host.stdout.columns);
  const sendSize = () => attachment.resize(rows(), host.stdout.columns);
  sendSize();
  const offResize = host.onSignal('SIGWINCH', sendSize);
  let detached = false;
  const raw = stdin && host.stdinIsTTY;
  if (raw) process.stdin.setRawMode(true);
  const stop = stdin
    ? feedInput(attachment, {
        detachKeys,
        onDetach: () => {
          detached = true;
          attachment.detach();
        },
      })
    : () => undefined;
  try {
    for await (const { data } of attachment) await written(host.stdout, data);
  } finally {
    stop();
    offResize();
    if (raw) process.stdin.setRawMode(false);
    attachment.detach();
  }
  if (detached) context.err('read escape sequence\n');
  return detached;
}

/** A reader that lags behind holds the container back, as a pipe would. */
async function written(
  stream: { write(data: Uint8Array): boolean; drained?(): Promise<void> },
  data: Uint8Array,
): Promise<void> {
  if (!stream.write(data)) await stream.drained?.();
}

const proxied: readonly ProxiedSignal[] = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const),
];

/** With a terminal of its own the container gets Ctrl-C as a byte; without one, as the signal that it is. */
function forwardSignals(
  context: CommandContext,
  engine: Engine,
  name: string,
  { tty, sigProxy = true }: AttachContainerOptions,
): (() => void)[] {
  if (tty || !sigProxy) return [];
  return proxied.map((signal) =>
    context.host.onSignal(signal, () => {
      void engine
        .getContainer(name)
        .kill({ signal })
        .catch((error: unknown) => {
          // It has not started yet, or has ended in between; its exit code is on its way.
          const { statusCode } = error as { statusCode?: unknown };
          if (statusCode !== 409 && statusCode !== 404) throw error;
        });
    }),
  );
}
