import { defineGroup } from '../../command-group.ts';

/** `coracle network COMMAND`. */
export const networkCommand = defineGroup('network', 'Manage networks', {
  connect: {
    summary: 'Connect a container to a network',
    load: async () => (await import('./connect.ts')).networkConnect,
  },
  create: {
    summary: 'Create a network',
    load: async () => (await import('./create.ts')).networkCreate,
  },
  disconnect: {
    summary: 'Disconnect a container from a network',
    load: async () => (await import('./disconnect.ts')).networkDisconnect,
  },
  inspect: {
    summary: 'Display detailed information on one or more networks',
    load: async () => (await import('../inspect.ts')).inspectOf('network'),
  },
  ls: { summary: 'List networks', load: async () => (await import('./ls.ts')).networkLs },
  list: {
    summary: 'Alias of ls',
    hidden: true,
    load: async () => (await import('./ls.ts')).networkLs,
  },
  prune: {
    summary: 'Remove all unused networks',
    load: async () => (await import('./prune.ts')).networkPrune,
  },
  rm: {
    summary: 'Remove one or more networks',
    load: async () => (await import('./rm.ts')).networkRm,
  },
  remove: {
    summary: 'Alias of rm',
    hidden: true,
    load: async () => (await import('./rm.ts')).networkRm,
  },
});
