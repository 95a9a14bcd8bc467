import { pruneStore } from '../../image/index.ts';
import { defineCommand } from '../command.ts';

/** `coracle image prune`: what killed or removed images have left; images themselves stay. */
export const imagePrune = defineCommand({
  name: 'prune',
  positional: '',
  summary: 'Remove content that no image and no container needs',
  flags: [],
  examples: ['coracle image prune', 'coracle image prune -a --filter until=24h'],
  async run(context) {
    const { blobs, layers } = await pruneStore(context.roots);
    for (const digest of [...layers, ...blobs]) context.out(`Deleted: ${digest}\n`);
    return 0;
  },
});
