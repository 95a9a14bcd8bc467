import { AppError } from '../../core/index.ts';
import type { ComposeEngine } from '../../engine/index.ts';
import type { Operation, ProvidedCopy } from '../plan/index.ts';
import { recreateContainer } from './recreate-container.ts';
import { runHook } from './run-hook.ts';
import { type WaitGroup, waitForCondition } from './wait/index.ts';

/** What an operation came to; `text` replaces the usual word where the outcome has one of its own. */
export interface OperationOutcome {
  readonly state: 'done' | 'warning';
  readonly text?: string;
}

/** What operations reach besides the engine. */
export interface OperationSurroundings {
  /** Writes a config's or secret's copy: new content in one step, then owner and mode. */
  readonly provideFile: (copy: ProvidedCopy) => void;
  /** Ends early, without a failure, when the signal is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Milliseconds since 1970, and of a clock that only goes forward. */
  readonly now: () => number;
  readonly monotonicMs: () => number;
  readonly signal?: AbortSignal;
  /** The waits of this run that are under way. */
  readonly waits: WaitGroup;
}

const done: OperationOutcome = { state: 'done' };

/**
 * Makes the engine calls of one operation. No decision is made here: what exists, what must change and in which
 * order was settled by the plan.
 */
export async function runOperation(
  operation: Operation,
  engine: ComposeEngine,
  surroundings: OperationSurroundings,
): Promise<OperationOutcome> {
  const { action } = operation;
  switch (action.kind) {
    case 'pullImage':
    case 'buildImage':
      // Whoever runs a plan has made it with all images there.
      throw new Error(`${action.kind} ${action.image} is a step to be shown only`);
    case 'createNetwork':
      await engine.createNetwork(action.options);
      return done;
    case 'createVolume':
      await engine.createVolume(action.options);
      return done;
    case 'provideFile':
      surroundings.provideFile(action.copy);
      return done;
    case 'createContainer':
      await engine.createContainer(action.options);
      return done;
    case 'recreateContainer':
      await recreateContainer(
        engine,
        action.container,
        action.options,
        stopOptions(action.timeoutS),
      );
      return done;
    case 'updateContainer':
      await engine.updateContainer(action.container, action.update);
      return done;
    case 'runHook':
      return runHook(operation, action, engine);
    case 'startContainer':
      await engine.getContainer(action.container).start();
      return done;
    case 'stopContainer':
      await engine
        .getContainer(action.container)
        .stop({ ...stopOptions(action.timeoutS), ...(action.shutdown ? { shutdown: true } : {}) });
      return done;
    case 'restartContainer':
      await engine.getContainer(action.container).restart(stopOptions(action.timeoutS));
      return done;
    case 'killContainer':
      await engine.getContainer(action.container).kill({ signal: action.signal });
      return done;
    case 'pauseContainer':
      await engine.getContainer(action.container).pause();
      return done;
    case 'unpauseContainer':
      await engine.getContainer(action.container).unpause();
      return done;
    case 'removeContainer':
      await engine
        .getContainer(action.container)
        .remove({ v: action.anonymousVolumes, force: action.force });
      return done;
    case 'removeNetwork':
      return removeUnlessUsed(() => engine.getNetwork(action.network).remove());
    case 'removeVolume':
      return removeUnlessUsed(() => engine.getVolume(action.volume).remove());
    case 'removeImage':
      return removeUnlessUsed(() => engine.getImage(action.image).remove());
    case 'waitFor':
      return waitForCondition(operation, action, engine, surroundings);
    case 'keepContainer':
      return done;
    default:
      return unknownAction(action);
  }
}

function stopOptions(timeoutS: number | undefined): { t?: number } {
  return timeoutS === undefined ? {} : { t: timeoutS };
}

/**
 * `down` leaves what others still use and says so, as Docker Compose does; what is gone already is as
 * good as removed. Docker answers 409 and 403 for the first, 404 for the second.
 */
async function removeUnlessUsed(remove: () => Promise<unknown>): Promise<OperationOutcome> {
  try {
    await remove();
    return done;
  } catch (error) {
    const status = (error as { statusCode?: unknown }).statusCode;
    if (status === 404) return done;
    if (status === 409 || status === 403) {
      return { state: 'warning', text: 'Resource is still in use' };
    }
    throw error;
  }
}

function unknownAction(action: never): never {
  throw new AppError('PROJECT_NOT_SUPPORTED', `unknown plan action ${JSON.stringify(action)}`);
}
