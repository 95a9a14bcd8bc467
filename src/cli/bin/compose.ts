/** Entry of the `compose` bin's bundle. */
import { composeCommands } from '../compose-commands.ts';
import { runProgram } from './run-program.ts';

export const exitCode: Promise<number> = runProgram({
  name: 'compose',
  description: 'Define and run multi-container applications, without Docker',
  commands: composeCommands,
});
