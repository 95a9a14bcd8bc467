import { AppError } from '../../../core/index.ts';
import { defineCommand } from '../../command.ts';
import { keyValues } from '../key-values.ts';

export const volumeCreate = defineCommand<{
  readonly driver: string;
  readonly label?: readonly string[];
  readonly opt?: readonly string[];
}>({
  name: 'create',
  positional: '[VOLUME]',
  summary: 'Create a volume',
  flags: [
    { flags: '-d, --driver <driver>', description: 'Volume driver name', default: 'local' },
    { flags: '--label <key=value>', description: 'Set metadata for a volume', kind: 'list' },
    { flags: '-o, --opt <key=value>', description: 'Set driver specific options', kind: 'list' },
  ],
  examples: ['coracle volume create -o type=tmpfs -o device=tmpfs -o o=size=64m scratch'],
  async run(context, [name, ...more], { driver, label = [], opt = [] }) {
    if (more.length > 0) throw new AppError('CLI_USAGE', 'create makes one volume at a time');
    const engine = await context.engine();
    const created = (await engine.createVolume({
      ...(name === undefined ? {} : { Name: name }),
      Driver: driver,
      Labels: keyValues(label),
      DriverOpts: keyValues(opt),
    })) as { readonly Name?: string; readonly name?: string };
    // dockerode gives a Volume, ours the record; both know the name that was made up.
    context.out(`${created.Name ?? created.name}\n`);
    return 0;
  },
});
