import type { Project } from '../../model/index.ts';
import type { Findings } from '../findings.ts';
import type { TreeOrigins } from '../locate.ts';

/** Reports the first circle of services that wait for each other, with every service on it. */
export function reportCycles(
  project: Project,
  { findings, origins }: { readonly findings: Findings; readonly origins: TreeOrigins },
): void {
  const cycle = findCycle(project);
  if (cycle === undefined) {
    return;
  }
  const [from = '', to = ''] = cycle;
  findings.error(
    'COMPOSE_DEPENDS_ON_CYCLE',
    `services depend on each other in a circle: ${cycle.join(' -> ')}`,
    origins.keyPlace(`services.${from}.depends_on.${to}`),
    { hint: 'Remove one of these dependencies.' },
  );
}

/** Services on a circle, the first one again at the end. Without recursion: chains may be long. */
function findCycle({ services }: Project): string[] | undefined {
  const done = new Set<string>();
  for (const start of Object.keys(services).sort()) {
    const path: string[] = [];
    const onPath = new Set<string>();
    const stack: { name: string; rest: string[] }[] = [];
    const enter = (name: string) => {
      path.push(name);
      onPath.add(name);
      stack.push({ name, rest: Object.keys(services[name]?.depends_on ?? {}).sort() });
    };
    if (!done.has(start)) {
      enter(start);
    }
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.rest.shift();
      if (next === undefined) {
        stack.pop();
        path.pop();
        onPath.delete(top.name);
        done.add(top.name);
      } else if (onPath.has(next)) {
        return [...path.slice(path.indexOf(next)), next];
      } else if (!done.has(next) && Object.hasOwn(services, next)) {
        enter(next);
      }
    }
  }
  return undefined;
}
