import { defineGroup } from '../command-group.ts';

/** `coracle builder COMMAND`. */
export const builderCommand = defineGroup('builder', 'Manage the build cache', {
  build: {
    summary: 'Build an image from a Dockerfile',
    load: async () => (await import('./build.ts')).buildCommand,
  },
  du: {
    summary: 'Show what the build cache takes on the disk',
    load: async () => (await import('./builder/du.ts')).builderDu,
  },
  prune: {
    summary: 'Remove build cache',
    load: async () => (await import('./builder/prune.ts')).builderPrune,
  },
});
