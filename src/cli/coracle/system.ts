import { defineGroup } from '../command-group.ts';

/** `coracle system COMMAND`. */
export const systemCommand = defineGroup('system', 'Manage the engine', {
  df: {
    summary: 'Show disk usage',
    load: async () => (await import('./system/df.ts')).systemDf,
  },
  disable: {
    summary: 'Start no containers at boot; those that run go on running',
    load: async () => (await import('./system/enable.ts')).systemDisable,
  },
  enable: {
    summary: 'Start the containers that their restart policies want at every boot (a systemd unit)',
    load: async () => (await import('./system/enable.ts')).systemEnable,
  },
  events: {
    summary: 'Get real time events from the engine',
    load: async () => (await import('./events.ts')).eventsCommand,
  },
  fsck: {
    summary: 'Verify every image, layer and digest in the store, and repair what is damaged',
    load: async () => (await import('./system/fsck.ts')).systemFsck,
  },
  info: {
    summary: 'Display system-wide information',
    load: async () => (await import('./info.ts')).infoCommand,
  },
  prune: {
    summary: 'Remove unused data',
    load: async () => (await import('./system/prune.ts')).systemPrune,
  },
  start: {
    summary: 'Start the containers that their restart policies want running, as at boot',
    load: async () => (await import('./system/start.ts')).systemStart,
  },
  stop: {
    summary: 'Stop all containers, as at shutdown: the next system start brings them back',
    load: async () => (await import('./system/stop.ts')).systemStop,
  },
});
