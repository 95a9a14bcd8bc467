/** `start stop restart kill pause unpause` of the engine: the same thing done to each container named. */
import { type Command, defineCommand, type Flag } from '../command.ts';
import { onEach } from './on-each.ts';

const positional = 'CONTAINER [CONTAINER...]';

const signalFlag: Flag = {
  flags: '-s, --signal <signal>',
  description: 'Signal to send to the container',
};
const timeoutFlag: Flag = {
  flags: '-t, --timeout <seconds>',
  description: 'Seconds to wait before killing the container',
  kind: 'integer',
};

interface StopFlags {
  readonly signal?: string;
  readonly timeout?: number;
}

function stopOptions({ signal, timeout }: StopFlags): { signal?: string; t?: number } {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(timeout === undefined ? {} : { t: timeout }),
  };
}

export const stopCommand = defineCommand<StopFlags>({
  name: 'stop',
  positional,
  summary: 'Stop one or more running containers',
  flags: [signalFlag, timeoutFlag],
  examples: ['coracle stop web', 'coracle stop -t 30 web db'],
  run: (context, names, flags) =>
    onEach(context, names, 'container', (engine, name) =>
      engine.getContainer(name).stop(stopOptions(flags)),
    ),
});

export const restartCommand = defineCommand<StopFlags>({
  name: 'restart',
  positional,
  summary: 'Restart one or more containers',
  flags: [signalFlag, timeoutFlag],
  examples: ['coracle restart -t 5 web'],
  run: (context, names, flags) =>
    onEach(context, names, 'container', (engine, name) =>
      engine.getContainer(name).restart(stopOptions(flags)),
    ),
});

export const killCommand = defineCommand<{ readonly signal: string }>({
  name: 'kill',
  positional,
  summary: 'Kill one or more running containers',
  flags: [{ ...signalFlag, default: 'SIGKILL' }],
  examples: ['coracle kill web', 'coracle kill -s HUP web'],
  run: (context, names, { signal }) =>
    onEach(context, names, 'container', (engine, name) =>
      engine.getContainer(name).kill({ signal }),
    ),
});

export const pauseCommand = plain('pause', 'Pause all processes within one or more containers');
export const unpauseCommand = plain(
  'unpause',
  'Unpause all processes within one or more containers',
);

function plain(action: 'pause' | 'unpause', summary: string): Command {
  return defineCommand({
    name: action,
    positional,
    summary,
    flags: [],
    examples: [`coracle ${action} web`],
    run: (context, names) =>
      onEach(context, names, 'container', (engine, name) => engine.getContainer(name)[action]()),
  });
}
