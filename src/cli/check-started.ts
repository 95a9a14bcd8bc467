import { lastLogLines } from '../compose/execute/index.ts';
import type { Plan } from '../compose/plan/index.ts';
import { AppError } from '../core/index.ts';
import type { CommandContext } from './context.ts';

/**
 * Long enough for a command that cannot work (no such option, no such file, a syntax error in a shell line) to have ended,
 * too short to be felt.
 */
const settleMs = 20;

/**
 * Looks once, right after `up -d`, whether what was started still runs. A container that has ended with an error
 * is an error with its last log lines; one that ended well has done its work.
 * @throws {AppError} `PROJECT_CONTAINER_EXITED`
 */
export async function checkStarted(context: CommandContext, plan: Plan): Promise<void> {
  // What the plan itself has waited for and removed has ended as it should.
  const gone = new Set(
    plan.operations.flatMap(({ action, resource }) =>
      action.kind === 'removeContainer' ? [resource.name] : [],
    ),
  );
  const started = plan.operations.filter(
    ({ action, resource }) => action.kind === 'startContainer' && !gone.has(resource.name),
  );
  if (started.length === 0) return;
  await context.sleep(settleMs);
  const engine = await context.engine();
  const errors: AppError[] = [];
  for (const { resource } of started) {
    const { State } = await engine.getContainer(resource.name).inspect();
    if (State.Status !== 'exited' || State.ExitCode === 0) continue;
    errors.push(
      new AppError(
        'PROJECT_CONTAINER_EXITED',
        `container ${resource.name} exited (${State.ExitCode}) right after its start`,
        {
          details: {
            container: resource.name,
            logLines: await lastLogLines(engine, resource.name),
          },
        },
      ),
    );
  }
  const [first] = errors;
  if (errors.length === 1 && first !== undefined) throw first;
  if (errors.length > 1) {
    throw new AppError('PROJECT_OPERATIONS_FAILED', `${errors.length} containers exited`, {
      details: { errors },
    });
  }
}
