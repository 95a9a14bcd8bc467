import type { CommandTable } from './command.ts';

/** `compose`'s commands; each module is loaded when it is called for. */
export const composeCommands: CommandTable = {
  config: {
    summary: 'Parse, resolve and render compose file in canonical format',
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  convert: {
    summary: 'Alias of config',
    hidden: true,
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  create: {
    summary: 'Creates containers for a service',
    load: async () => (await import('./commands/create.ts')).createCommand,
  },
  down: {
    summary: 'Stop and remove containers, networks',
    load: async () => (await import('./commands/down.ts')).downCommand,
  },
  events: {
    summary: 'Receive real time events from containers',
    load: async () => (await import('./commands/events.ts')).eventsCommand,
  },
  exec: {
    summary: 'Execute a command in a running container',
    load: async () => (await import('./commands/exec.ts')).execCommand,
  },
  images: {
    summary: 'List images used by the created containers',
    load: async () => (await import('./commands/images.ts')).imagesCommand,
  },
  kill: {
    summary: 'Force stop service containers',
    load: async () => (await import('./commands/lifecycle.ts')).killCommand,
  },
  logs: {
    summary: 'View output from containers',
    load: async () => (await import('./commands/logs.ts')).logsCommand,
  },
  ls: {
    summary: 'List running compose projects',
    load: async () => (await import('./commands/ls.ts')).lsCommand,
  },
  pause: {
    summary: 'Pause services',
    load: async () => (await import('./commands/lifecycle.ts')).pauseCommand,
  },
  port: {
    summary: 'Print the public port for a port binding',
    load: async () => (await import('./commands/port.ts')).portCommand,
  },
  ps: {
    summary: 'List containers',
    load: async () => (await import('./commands/ps.ts')).psCommand,
  },
  restart: {
    summary: 'Restart service containers',
    load: async () => (await import('./commands/lifecycle.ts')).restartCommand,
  },
  rm: {
    summary: 'Removes stopped service containers',
    load: async () => (await import('./commands/rm.ts')).rmCommand,
  },
  run: {
    summary: 'Run a one-off command on a service',
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  scale: {
    summary: 'Scale services',
    load: async () => (await import('./commands/scale.ts')).scaleCommand,
  },
  start: {
    summary: 'Start services',
    load: async () => (await import('./commands/lifecycle.ts')).startCommand,
  },
  stop: {
    summary: 'Stop services',
    load: async () => (await import('./commands/lifecycle.ts')).stopCommand,
  },
  top: {
    summary: 'Display the running processes',
    load: async () => (await import('./commands/top.ts')).topCommand,
  },
  unpause: {
    summary: 'Unpause services',
    load: async () => (await import('./commands/lifecycle.ts')).unpauseCommand,
  },
  up: {
    summary: 'Create and start containers',
    load: async () => (await import('./commands/up.ts')).upCommand,
  },
  version: {
    summary: 'Show the version information',
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
  wait: {
    summary: 'Block until containers of all (or specified) services stop',
    load: async () => (await import('./commands/wait.ts')).waitCommand,
  },
};
