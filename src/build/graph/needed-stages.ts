import type { Dockerfile, Stage } from '../dockerfile/instructions.ts';
import { findStage } from './stage-names.ts';

/** The stages that a target needs, itself included; all others are never built. */
export function neededStages(
  { stages }: Dockerfile,
  target: Stage,
  options: {
    /** The base of a stage with its variables replaced. */
    readonly baseName: (stage: Stage) => string;
    /** Named contexts hide stages of the same name. */
    readonly isContext: (name: string) => boolean;
  },
): Set<Stage> {
  const needed = new Set<Stage>();
  const open = [target];
  for (let stage = open.pop(); stage !== undefined; stage = open.pop()) {
    if (needed.has(stage)) continue;
    needed.add(stage);
    const before = stage.index;
    const base = options.baseName(stage);
    const found = options.isContext(base) ? undefined : findStage(stages, base, { before });
    if (found !== undefined) open.push(found);
    for (const name of sourceNames(stage)) {
      if (options.isContext(name)) continue;
      const source = findStage(stages, name, { before, byNumber: true });
      if (source !== undefined) open.push(source);
    }
  }
  return needed;
}

/** What `--from` names in a stage. */
function sourceNames(stage: Stage): string[] {
  return stage.instructions.flatMap((instruction) => {
    if (instruction.kind === 'COPY') return instruction.from?.text ?? [];
    if (instruction.kind !== 'RUN') return [];
    return instruction.mounts.flatMap(({ options }) => options.from ?? []);
  });
}
