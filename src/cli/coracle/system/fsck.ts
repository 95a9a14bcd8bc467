import { checkStore, type StoreFault } from '../../../image/index.ts';
import { defineCommand } from '../../command.ts';
import { formatBytes } from '../../text/format-bytes.ts';
import { nativeBinary } from '../image-context.ts';

interface Flags {
  readonly check?: boolean;
  readonly format: string;
}

/** `coracle system fsck`. */
export const systemFsck = defineCommand<Flags>({
  name: 'fsck',
  positional: '',
  summary: 'Verify every image, layer and digest in the store, and repair what is damaged',
  flags: [
    { flags: '--check', description: 'Only look, repair nothing' },
    {
      flags: '--format <format>',
      description: 'text or json',
      default: 'text',
      choices: ['text', 'json'],
    },
  ],
  examples: ['coracle system fsck', 'coracle system fsck --check --format json'],
  async run(context, _args, { check = false, format }) {
    const engine = await context.engine();
    const { faults, blobs, layers, bytes } = await checkStore({
      roots: context.roots,
      native: nativeBinary(context.host),
      repair: !check,
      running: async () =>
        new Map(
          (await engine.listContainers()).map(({ Id, Names }) => [
            Id,
            (Names[0] ?? Id).replace(/^\//, ''),
          ]),
        ),
      onStep: (what) => {
        if (context.host.stderr.isTTY) context.err(`\r\u001b[KChecking ${what}`);
      },
    });
    if (context.host.stderr.isTTY) context.err('\r\u001b[K');
    const left = faults.filter(({ isRepaired }) => !isRepaired).length;
    if (format === 'json') {
      context.out(`${JSON.stringify({ blobs, layers, bytes, faults })}\n`);
    } else {
      for (const fault of faults) context.out(faultLines(fault));
      const found =
        faults.length === 0
          ? 'no faults'
          : `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}, ${faults.length - left} repaired`;
      context.out(
        `Checked ${blobs} blobs (${formatBytes(bytes)}) and ${layers} layers: ${found}\n`,
      );
    }
    return left === 0 ? 0 : 1;
  },
});

function faultLines({ kind, name, problem, images, isRepaired, hint }: StoreFault): string {
  const needed = images.length === 0 ? '' : ` (${images.join(', ')})`;
  const fate = isRepaired ? 'repaired' : 'FAULT';
  return `${fate.padEnd(8)}  ${kind} ${name}${needed}: ${problem}\n${hint === undefined ? '' : `          ${hint}\n`}`;
}
