import { defineGroup } from '../../command-group.ts';

/** `coracle volume COMMAND`. */
export const volumeCommand = defineGroup('volume', 'Manage volumes', {
  create: {
    summary: 'Create a volume',
    load: async () => (await import('./create.ts')).volumeCreate,
  },
  inspect: {
    summary: 'Display detailed information on one or more volumes',
    load: async () => (await import('../inspect.ts')).inspectOf('volume'),
  },
  ls: { summary: 'List volumes', load: async () => (await import('./ls.ts')).volumeLs },
  list: {
    summary: 'Alias of ls',
    hidden: true,
    load: async () => (await import('./ls.ts')).volumeLs,
  },
  prune: {
    summary: 'Remove unused local volumes',
    load: async () => (await import('./prune.ts')).volumePrune,
  },
  rm: {
    summary: 'Remove one or more volumes',
    load: async () => (await import('./rm.ts')).volumeRm,
  },
});
