import type { CommandTable } from './command.ts';

/** `coracle`'s commands: the engine's own, in the form that fingers know. */
export const coracleCommands: CommandTable = {
  version: {
    summary: 'Show the version information',
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
};
