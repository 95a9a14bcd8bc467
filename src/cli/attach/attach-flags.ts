import { AppError } from '../../core/index.ts';
import type { ContainerInspectInfo } from '../../engine/index.ts';
import type { Flag } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { attachUntilExit } from './attach-container.ts';
import { parseDetachKeys } from './detach-keys.ts';

export interface AttachFlags {
  readonly detachKeys?: string;
  readonly sigProxy: boolean;
  readonly stdin: boolean;
}

/** The flags of `attach`, the same for a container and for a service. */
export const attachFlags: readonly Flag[] = [
  {
    flags: '--detach-keys <keys>',
    description: 'Override the key sequence for detaching from a container.',
  },
  { flags: '--no-stdin', description: 'Do not attach STDIN' },
  {
    flags: '--sig-proxy',
    description: 'Proxy all received signals to the process',
    default: true,
  },
  { flags: '--no-sig-proxy', description: 'Keep received signals from it', hidden: true },
];

/** Attaches to a container that runs. @returns its exit code, or 0 after a detach. */
export function attachToRunning(
  context: CommandContext,
  { Name, Config, State }: ContainerInspectInfo,
  { detachKeys, sigProxy, stdin }: AttachFlags,
): Promise<number> {
  const what = State.Restarting
    ? 'a restarting container, wait until it is running'
    : State.Paused
      ? 'a paused container, unpause it first'
      : State.Running
        ? undefined
        : 'a stopped container, start it first';
  if (what !== undefined) {
    throw new AppError('ENGINE_CONTAINER_NOT_RUNNING', `you cannot attach to ${what}`);
  }
  const feeds = stdin && Config.OpenStdin;
  if (feeds && Config.Tty && !context.host.stdinIsTTY) {
    throw new AppError('CLI_USAGE', 'the input device is not a TTY', {
      hint: 'Attach from a terminal, or with --no-stdin.',
    });
  }
  return attachUntilExit(context, Name.slice(1), {
    stdin: feeds,
    tty: Config.Tty,
    sigProxy,
    ...(detachKeys === undefined ? {} : { detachKeys: parseDetachKeys(detachKeys) }),
  });
}
