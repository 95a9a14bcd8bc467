import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';

export const startCommand = defineCommand({
  name: 'start',
  positional: 'CONTAINER [CONTAINER...]',
  summary: 'Start stopped containers',
  flags: [],
  run: (context, names) =>
    forEach(context, names, (engine, name) => engine.getContainer(name).start()),
});

interface StopFlags {
  readonly signal?: string;
  readonly timeout?: number;
}

export const stopCommand = defineCommand<StopFlags>({
  name: 'stop',
  positional: 'CONTAINER [CONTAINER...]',
  summary: 'Stop running containers',
  flags: [
    { flags: '-s, --signal <signal>', description: 'Signal to send first' },
    {
      flags: '-t, --timeout <seconds>',
      description: 'Seconds to wait before killing the container',
      kind: 'integer',
    },
  ],
  run: (context, names, { signal, timeout }) =>
    forEach(context, names, (engine, name) =>
      engine.getContainer(name).stop({
        ...(signal === undefined ? {} : { signal }),
        ...(timeout === undefined ? {} : { t: timeout }),
      }),
    ),
});

type Engine = Awaited<ReturnType<CommandContext['engine']>>;

async function forEach(
  context: CommandContext,
  names: readonly string[],
  act: (engine: Engine, name: string) => Promise<unknown>,
): Promise<number> {
  if (names.length === 0) throw new AppError('CLI_USAGE', 'a container is needed');
  const engine = await context.engine();
  for (const name of names) {
    await act(engine, name);
    context.out(`${name}\n`);
  }
  return 0;
}
