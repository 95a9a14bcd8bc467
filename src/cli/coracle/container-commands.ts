import type { CommandTable } from '../command.ts';

/** The commands on containers; each stands at the top level as well as below `coracle container`. */
export const containerCommands: CommandTable = {
  attach: {
    summary: 'Attach local standard input, output, and error streams to a running container',
    load: async () => (await import('./attach.ts')).attachCommand,
  },
  commit: {
    summary: "Create a new image from a container's changes",
    load: async () => (await import('./commit.ts')).commitCommand,
  },
  cp: {
    summary: 'Copy files/folders between a container and the local filesystem',
    load: async () => (await import('./cp.ts')).cpCommand,
  },
  diff: {
    summary: "Inspect changes to files or directories on a container's filesystem",
    load: async () => (await import('./diff.ts')).diffCommand,
  },
  exec: {
    summary: 'Execute a command in a running container',
    load: async () => (await import('./exec.ts')).execCommand,
  },
  export: {
    summary: "Export a container's filesystem as a tar archive",
    load: async () => (await import('./export.ts')).exportCommand,
  },
  kill: {
    summary: 'Kill one or more running containers',
    load: async () => (await import('./lifecycle.ts')).killCommand,
  },
  logs: {
    summary: 'Fetch the logs of a container',
    load: async () => (await import('./logs.ts')).logsCommand,
  },
  pause: {
    summary: 'Pause all processes within one or more containers',
    load: async () => (await import('./lifecycle.ts')).pauseCommand,
  },
  port: {
    summary: 'List port mappings or a specific mapping for the container',
    load: async () => (await import('./port.ts')).portCommand,
  },
  restart: {
    summary: 'Restart one or more containers',
    load: async () => (await import('./lifecycle.ts')).restartCommand,
  },
  rm: {
    summary: 'Remove one or more containers',
    load: async () => (await import('./rm.ts')).rmCommand,
  },
  run: {
    summary: 'Create and run a new container from an image',
    load: async () => (await import('./run.ts')).runCommand,
  },
  start: {
    summary: 'Start one or more stopped containers',
    load: async () => (await import('./start.ts')).startCommand,
  },
  stats: {
    summary: 'Display a live stream of container(s) resource usage statistics',
    load: async () => (await import('./stats.ts')).statsCommand,
  },
  stop: {
    summary: 'Stop one or more running containers',
    load: async () => (await import('./lifecycle.ts')).stopCommand,
  },
  top: {
    summary: 'Display the running processes of a container',
    load: async () => (await import('./top.ts')).topCommand,
  },
  unpause: {
    summary: 'Unpause all processes within one or more containers',
    load: async () => (await import('./lifecycle.ts')).unpauseCommand,
  },
  update: {
    summary: 'Update configuration of one or more containers',
    load: async () => (await import('./update.ts')).updateCommand,
  },
  wait: {
    summary: 'Block until one or more containers stop, then print their exit codes',
    load: async () => (await import('./wait.ts')).waitCommand,
  },
};
