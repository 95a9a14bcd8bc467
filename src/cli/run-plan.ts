import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type ExecuteOptions,
  executePlan,
  type PlanOutcome,
  planFailure,
} from '../compose/execute/index.ts';
import { type Plan, type ProvidedCopy, planToJson, printPlan } from '../compose/plan/index.ts';
import { AppError } from '../core/index.ts';
import { syncFolder, writeFileAtomic } from '../state/index.ts';
import type { CommandContext, LoadedProject } from './context.ts';
import { placeFailure } from './place-failure.ts';
import { createRenderer } from './progress/index.ts';
import { lockProject } from './project-lock.ts';

/** What running a plan may be told beside it. */
export interface RunPlanOptions {
  readonly signal?: AbortSignal;
  readonly quiet?: boolean;
  /** A container that shows no progress: the one whose own output is what the user wants to see. */
  readonly hidden?: string;
  /** `run` ends with the code of what it could not start. */
  readonly keepExitCode?: boolean;
  /** The project that the plan was made from, so that failures show their place in its files. */
  readonly loaded?: Pick<LoadedProject, 'project' | 'origins'>;
}

/**
 * Shows a plan's warnings and runs it with progress; with `--dry-run` prints it instead.
 * @throws  what failed, after everything else has been done.
 */
export async function runPlan(
  context: CommandContext,
  plan: Plan,
  options: RunPlanOptions = {},
): Promise<PlanOutcome> {
  for (const warning of plan.warnings) printWarning(context, warning);
  if (context.options.dryRun) {
    printDryRun(context, plan);
    return { done: [], failures: [], skipped: plan.operations };
  }
  const engine = await context.engine();
  const renderer = createRenderer(
    options.quiet ? { ...context.options, progress: 'quiet' } : context.options,
    context.host,
  );
  let outcome: PlanOutcome;
  try {
    const run = () => executePlan(plan, engine, executeOptions);
    const { trace } = context;
    const executeOptions: ExecuteOptions = {
      provideFile,
      sleep: (ms, signal) => context.sleep(ms, signal),
      now: context.host.now,
      monotonicMs: context.host.monotonicMs,
      onProgress: (event) => {
        if (event.resource.name !== options.hidden) renderer.event(event);
      },
      ...(context.options.parallel === undefined ? {} : { concurrency: context.options.parallel }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(trace === undefined ? {} : { around: trace.observerOf(plan) }),
    };
    outcome = await context.during('execute', run);
  } finally {
    renderer.close();
  }
  const { loaded } = options;
  const failures =
    loaded === undefined
      ? outcome.failures
      : outcome.failures.map((one) => ({ ...one, error: placeFailure(loaded, one) }));
  const failure = planFailure({ failures }, options.keepExitCode);
  if (failure !== undefined) throw failure;
  if (options.signal?.aborted) {
    throw new AppError('CLI_INTERRUPTED', 'interrupted', { exitCode: 130 });
  }
  return outcome;
}

/** Runs work on a project while no other command of ours changes it; says whom it waits for. */
export async function withProjectLock<T>(
  context: CommandContext,
  project: string,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  if (context.options.dryRun) return work();
  // Before the engine is there nobody has checked that the folder may be written.
  await context.engine();
  const lock = () =>
    lockProject({
      roots: context.roots,
      project,
      command: `${context.program} ${command}`,
      onWait: (holder) => {
        printWarning(
          context,
          `"${holder.command}" (pid ${holder.pid}) is at work on project ${project}; waiting for it`,
        );
      },
      sleep: (ms) => context.sleep(ms),
    });
  const release = await context.during('lock the project', lock);
  try {
    return await work();
  } finally {
    release();
  }
}

/** A warning in the one form that all commands use. */
export function printWarning(context: CommandContext, message: string): void {
  context.err(`WARN: ${message}\n`);
}

function printDryRun(context: CommandContext, plan: Plan): void {
  if (context.options.progress === 'json') {
    context.out(`${JSON.stringify(planToJson(plan), undefined, 2)}\n`);
    return;
  }
  const text = printPlan(plan);
  context.out(text === '' ? 'nothing to do\n' : text);
}

/** A secret's copy never stands under its name with another owner or mode than the asked ones. */
function provideFile({ path, content, uid, gid, mode }: ProvidedCopy): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  writeFileAtomic(path, content, 0o400);
  chownSync(path, uid, gid);
  chmodSync(path, mode);
  syncFolder(folder);
}
