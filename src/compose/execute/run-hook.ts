import { AppError } from '../../core/index.ts';
import type { ComposeEngine } from '../../engine/index.ts';
import type { Action, Operation } from '../plan/index.ts';
import type { OperationOutcome } from './run-operation.ts';

type HookAction = Extract<Action, { kind: 'runHook' }>;

const shownLines = 10;

/**
 * Runs a hook's command inside its container. A `pre_stop` hook that fails is a warning: whoever asked for the stop gets
 * it all the same.
 * @throws {AppError} `PROJECT_HOOK_FAILED` with the last lines of its output in `details.logLines`
 */
export async function runHook(
  { resource, service }: Operation,
  { container, phase, command }: HookAction,
  engine: ComposeEngine,
): Promise<OperationOutcome> {
  const { argv, env, user, workingDir, privileged } = command;
  const { exitCode, stdout, stderr } = await engine.exec(container, {
    argv,
    env,
    privileged,
    stdio: 'collect',
    ...(user === undefined ? {} : { user }),
    ...(workingDir === undefined ? {} : { workingDir }),
  });
  if (exitCode === 0) return { state: 'done' };
  const message = `${phase} hook of container ${resource.name} failed with exit code ${exitCode}`;
  if (phase === 'pre_stop') return { state: 'warning', text: message };
  throw new AppError('PROJECT_HOOK_FAILED', message, {
    details: {
      container: resource.name,
      service,
      argv,
      logLines: `${stdout}${stderr}`.trimEnd().split('\n').slice(-shownLines),
    },
  });
}
