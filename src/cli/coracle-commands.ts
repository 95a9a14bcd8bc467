import type { CommandTable } from './command.ts';
import { containerCommands } from './coracle/container-commands.ts';

/** `coracle`'s commands: the engine's own, in the form that fingers know. */
export const coracleCommands: CommandTable = {
  ...containerCommands,
  build: {
    summary: 'Build an image from a Dockerfile',
    load: async () => (await import('./coracle/build.ts')).buildCommand,
  },
  builder: {
    summary: 'Manage the build cache',
    load: async () => (await import('./coracle/builder.ts')).builderCommand,
  },
  ps: {
    summary: 'List containers',
    load: async () => (await import('./coracle/ps.ts')).psCommand,
  },
  inspect: {
    summary: 'Return low-level information on containers, images, networks and volumes',
    load: async () => (await import('./coracle/inspect.ts')).inspectCommand,
  },
  events: {
    summary: 'Get real time events from the engine',
    load: async () => (await import('./coracle/events.ts')).eventsCommand,
  },
  info: {
    summary: 'Display system-wide information',
    load: async () => (await import('./coracle/info.ts')).infoCommand,
  },
  version: {
    summary: 'Show the version information',
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
  completion: {
    summary: 'Print the completion script for a shell: bash, zsh or fish',
    load: async () => (await import('./completion/completion-command.ts')).completionCommand,
  },
  doctor: {
    summary: 'Check what this machine offers for running containers',
    load: async () => (await import('./coracle/doctor.ts')).doctorCommand,
  },
  container: {
    summary: 'Manage containers',
    load: async () => (await import('./coracle/container.ts')).containerCommand,
  },
  image: {
    summary: 'Manage images',
    load: async () => (await import('./coracle/image.ts')).imageCommand,
  },
  network: {
    summary: 'Manage networks',
    load: async () => (await import('./coracle/network/network.ts')).networkCommand,
  },
  system: {
    summary: 'Manage the engine',
    load: async () => (await import('./coracle/system.ts')).systemCommand,
  },
  volume: {
    summary: 'Manage volumes',
    load: async () => (await import('./coracle/volume/volume.ts')).volumeCommand,
  },
  // The short names of `coracle image COMMAND`.
  images: {
    summary: 'List images',
    load: async () => (await import('./coracle/image-ls.ts')).imageLs,
  },
  load: {
    summary: 'Load images from an archive of docker save or an OCI layout',
    load: async () => (await import('./coracle/image-load.ts')).imageLoad,
  },
  save: {
    summary: 'Save one or more images to a tar archive',
    load: async () => (await import('./coracle/image-save.ts')).imageSave,
  },
  history: {
    summary: 'Show the history of an image',
    load: async () => (await import('./coracle/image-history.ts')).imageHistoryCommand,
  },
  import: {
    summary: 'Make an image from the archive of a root file system',
    load: async () => (await import('./coracle/image-import.ts')).imageImport,
  },
  pull: {
    summary: 'Download an image from a registry',
    load: async () => (await import('./coracle/image-pull.ts')).imagePull,
  },
  push: {
    summary: 'Upload an image to a registry',
    load: async () => (await import('./coracle/image-push.ts')).imagePush,
  },
  login: {
    summary: 'Authenticate to a registry',
    load: async () => (await import('./coracle/login.ts')).loginCommand,
  },
  logout: {
    summary: 'Log out from a registry',
    load: async () => (await import('./coracle/login.ts')).logoutCommand,
  },
  rmi: {
    summary: 'Remove one or more images',
    load: async () => (await import('./coracle/image-rm.ts')).imageRm,
  },
  tag: {
    summary: 'Give an image one more name',
    load: async () => (await import('./coracle/image-tag.ts')).imageTag,
  },
};
