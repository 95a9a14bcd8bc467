import type { CommandTable } from './command.ts';

/** `coracle`'s commands: the engine's own, in the form that fingers know. */
export const coracleCommands: CommandTable = {
  doctor: {
    summary: 'Check what this machine offers for running containers',
    load: async () => (await import('./coracle/doctor.ts')).doctorCommand,
  },
  exec: {
    summary: 'Execute a command in a running container',
    load: async () => (await import('./coracle/exec.ts')).execCommand,
  },
  image: {
    summary: 'Manage images',
    load: async () => (await import('./coracle/image.ts')).imageCommand,
  },
  inspect: {
    summary: 'Show containers as JSON',
    load: async () => (await import('./coracle/inspect.ts')).inspectCommand,
  },
  logs: {
    summary: 'Show the logs of a container',
    load: async () => (await import('./coracle/logs.ts')).logsCommand,
  },
  ps: {
    summary: 'List containers',
    load: async () => (await import('./coracle/ps.ts')).psCommand,
  },
  rm: {
    summary: 'Remove containers',
    load: async () => (await import('./coracle/rm.ts')).rmCommand,
  },
  run: {
    summary: 'Create and run a new container from an image',
    load: async () => (await import('./coracle/run.ts')).runCommand,
  },
  start: {
    summary: 'Start stopped containers',
    load: async () => (await import('./coracle/start-stop.ts')).startCommand,
  },
  stop: {
    summary: 'Stop running containers',
    load: async () => (await import('./coracle/start-stop.ts')).stopCommand,
  },
  version: {
    summary: 'Show the version information',
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
};
