import { defineGroup } from '../command-group.ts';
import { containerCommands } from './container-commands.ts';

/** `coracle container COMMAND`. */
export const containerCommand = defineGroup('container', 'Manage containers', {
  ...containerCommands,
  inspect: {
    summary: 'Display detailed information on one or more containers',
    load: async () => (await import('./inspect.ts')).inspectOf('container'),
  },
  ls: { summary: 'List containers', load: async () => (await import('./ps.ts')).psCommand },
  prune: {
    summary: 'Remove all stopped containers',
    load: async () => (await import('./container-prune.ts')).containerPrune,
  },
});
