import { humanDuration } from '../../../core/index.ts';
import { defineCommand } from '../../command.ts';
import { formatBytes } from '../../text/format-bytes.ts';
import { stripControls } from '../../text/strip-controls.ts';
import { formatTable } from '../../text/table.ts';

/** `coracle builder du`. */
export const builderDu = defineCommand({
  name: 'du',
  positional: '',
  summary: 'Show what the build cache takes on the disk',
  flags: [],
  examples: ['coracle builder du'],
  async run(context) {
    const { listBuildCache } = await import('../../../build/index.ts');
    const entries = await listBuildCache(context.roots);
    const now = context.host.now();
    const rows = entries.map(({ id, type, isShared, size, usedMs, description }) => [
      id.slice(0, 12),
      type,
      isShared ? 'image' : formatBytes(size),
      `${humanDuration(now - usedMs)} ago`,
      stripControls(description).replace(/\s+/g, ' ').slice(0, 60),
    ]);
    context.out(formatTable(['ID', 'TYPE', 'SIZE', 'LAST USED', 'STEP'], rows));
    const total = entries.reduce((sum, { size }) => sum + size, 0);
    context.out(`Total: ${formatBytes(total)}\n`);
    return 0;
  },
});
