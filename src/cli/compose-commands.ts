import type { CommandTable } from './command.ts';

/** `compose`'s commands; each module is loaded when it is called for. */
export const composeCommands: CommandTable = {
  attach: {
    summary:
      "Attach local standard input, output, and error streams to a service's running container",
    load: async () => (await import('./commands/attach.ts')).attachCommand,
  },
  build: {
    summary: 'Build or rebuild services',
    load: async () => (await import('./commands/build.ts')).buildCommand,
  },
  commit: {
    summary: "Create a new image from a service container's changes",
    load: async () => (await import('./commands/commit.ts')).commitCommand,
  },
  completion: {
    summary: 'Print the completion script for a shell: bash, zsh or fish',
    load: async () => (await import('./completion/completion-command.ts')).completionCommand,
  },
  config: {
    summary: 'Parse, resolve and render compose file in canonical format',
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  convert: {
    summary: 'Alias of config',
    hidden: true,
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  cp: {
    summary: 'Copy files/folders between a service container and the local filesystem',
    load: async () => (await import('./commands/cp.ts')).cpCommand,
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
  export: {
    summary: "Export a service container's filesystem as a tar archive",
    load: async () => (await import('./commands/export.ts')).exportCommand,
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
  plan: {
    summary: 'Show what up would do, and why',
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  port: {
    summary: 'Print the public port for a port binding',
    load: async () => (await import('./commands/port.ts')).portCommand,
  },
  ps: {
    summary: 'List containers',
    load: async () => (await import('./commands/ps.ts')).psCommand,
  },
  pull: {
    summary: 'Pull service images',
    load: async () => (await import('./commands/pull.ts')).pullCommand,
  },
  push: {
    summary: 'Push service images',
    load: async () => (await import('./commands/push.ts')).pushCommand,
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
  stats: {
    summary: 'Display a live stream of container(s) resource usage statistics',
    load: async () => (await import('./commands/stats.ts')).statsCommand,
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
  volumes: {
    summary: 'List volumes',
    load: async () => (await import('./commands/volumes.ts')).volumesCommand,
  },
  wait: {
    summary: 'Block until containers of all (or specified) services stop',
    load: async () => (await import('./commands/wait.ts')).waitCommand,
  },
  watch: {
    summary:
      'Watch build context for service and rebuild/refresh containers when files are updated',
    load: async () => (await import('./commands/watch.ts')).watchCommand,
  },
};
