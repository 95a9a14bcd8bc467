import { type ObservedContainer, observedContainer } from '../../../compose/plan/index.ts';
import type { ContainerInfo } from '../../../engine/index.ts';
import { CommandContext } from '../../context.ts';
import { printError } from '../../print-error.ts';
import { createPaint } from '../../text/paint.ts';

/** Containers apart by whom they belong to. */
export interface ByProject {
  readonly projects: ReadonlyMap<string, readonly ObservedContainer[]>;
  /** Made without compose. */
  readonly others: readonly ContainerInfo[];
}

/** Left-overs of interrupted commands are nobody's to start. */
export function byProject(infos: readonly ContainerInfo[]): ByProject {
  const projects = new Map<string, ObservedContainer[]>();
  const others: ContainerInfo[] = [];
  for (const info of infos) {
    const container = observedContainer(info);
    if (container === undefined) others.push(info);
    else if (!container.rehearsal && !container.preStart) {
      projects.set(container.project, [...(projects.get(container.project) ?? []), container]);
    }
  }
  return { projects, others };
}

/** Several projects are worked on at once: their progress is plain lines, as live ones would overwrite each other. */
export function plainContext({ host, options, program }: CommandContext): CommandContext {
  const progress =
    options.progress === 'auto' || options.progress === 'tty' ? 'plain' : options.progress;
  return new CommandContext(host, { ...options, progress }, program);
}

/** Does all the work there is; what fails is printed and keeps nothing else from being done. @returns the exit code. */
export async function doAll(
  { host, options }: CommandContext,
  work: readonly Promise<unknown>[],
): Promise<number> {
  let code = 0;
  for (const result of await Promise.allSettled(work)) {
    if (result.status === 'fulfilled') continue;
    printError(result.reason, { host, paint: createPaint(false), debug: options.debug });
    code = 1;
  }
  return code;
}
