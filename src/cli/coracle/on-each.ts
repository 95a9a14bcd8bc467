import { AppError } from '../../core/index.ts';
import type { Engine } from '../../engine/index.ts';
import type { CommandContext } from '../context.ts';

/**
 * Does one thing to each object named and prints the name of those where it was done. What fails does not keep the
 * others from their turn, as in Docker; the failures are thrown together at the end.
 */
export async function onEach(
  context: CommandContext,
  names: readonly string[],
  what: string,
  act: (engine: Engine, name: string) => Promise<unknown>,
): Promise<number> {
  if (names.length === 0) throw new AppError('CLI_USAGE', `a ${what} is needed`);
  const engine = await context.engine();
  const failures: unknown[] = [];
  for (const name of names) {
    try {
      await act(engine, name);
      context.out(`${name}\n`);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 0) return 0;
  if (failures.length === 1) throw failures[0];
  throw new AppError('PROJECT_OPERATIONS_FAILED', `${failures.length} of ${names.length} failed`, {
    details: { errors: failures },
  });
}
