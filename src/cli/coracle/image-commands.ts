import type { CommandTable } from '../command.ts';

/** The commands below `coracle image`. */
export const imageCommands: CommandTable = {
  bootstrap: {
    summary: "Make a base image from the distribution's own packages",
    load: async () => (await import('./image-bootstrap.ts')).imageBootstrap,
  },
  history: {
    summary: 'Show the history of an image',
    load: async () => (await import('./image-history.ts')).imageHistoryCommand,
  },
  import: {
    summary: 'Make an image from the archive of a root file system',
    load: async () => (await import('./image-import.ts')).imageImport,
  },
  inspect: {
    summary: 'Show images as JSON',
    load: async () => (await import('./image-inspect.ts')).imageInspect,
  },
  load: {
    summary: 'Load images from an archive of docker save or an OCI layout',
    load: async () => (await import('./image-load.ts')).imageLoad,
  },
  ls: {
    summary: 'List images',
    load: async () => (await import('./image-ls.ts')).imageLs,
  },
  prune: {
    summary: 'Remove content that no image and no container needs',
    load: async () => (await import('./image-prune.ts')).imagePrune,
  },
  pull: {
    summary: 'Download an image from a registry',
    load: async () => (await import('./image-pull.ts')).imagePull,
  },
  push: {
    summary: 'Upload an image to a registry',
    load: async () => (await import('./image-push.ts')).imagePush,
  },
  rm: {
    summary: 'Remove images',
    load: async () => (await import('./image-rm.ts')).imageRm,
  },
  save: {
    summary: 'Save one or more images to a tar archive',
    load: async () => (await import('./image-save.ts')).imageSave,
  },
  tag: {
    summary: 'Give an image one more name',
    load: async () => (await import('./image-tag.ts')).imageTag,
  },
};
