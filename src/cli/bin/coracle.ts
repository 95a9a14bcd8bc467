/** Entry of the `coracle` bin's bundle. */
import { coracleCommands } from '../coracle-commands.ts';
import { runProgram } from './run-program.ts';

export const exitCode: Promise<number> = runProgram({
  name: 'coracle',
  description: 'Containers, images, networks and volumes of the Coracle runtime',
  commands: coracleCommands,
});
