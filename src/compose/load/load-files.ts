import { setDefaults } from './canonical/defaults.ts';
import type { LoadScope } from './load-context.ts';
import { loadFileOnto } from './load-file.ts';
import { resolvePaths } from './paths.ts';
import { checkValues } from './validate/check-values.ts';
import { child, type MapNode, type Node, scalarAt } from './yaml/node.ts';

/** Merges a group of files and finishes the result: defaults, checks, absolute paths, variables passed on. */
export function loadFiles(paths: readonly string[], scope: LoadScope): MapNode | undefined {
  const { shared, pathBase, confinedTo } = scope;
  let root: MapNode | undefined;
  for (const path of paths) {
    root = loadFileOnto(root, path, scope, loadFiles);
  }
  if (root === undefined) {
    return undefined;
  }
  setDefaults(root);
  checkValues(root, shared);
  if (scope.resolvePaths) {
    const { reader, findings, home } = shared;
    resolvePaths(root, { base: pathBase, reader, findings, home, confinedTo });
  }
  passVariablesOn(root, scope);
  return root;
}

/** `environment: [NAME]` takes the variable of the files' own scope, which an include may have set. */
function passVariablesOn(root: Node, { environment }: LoadScope): void {
  const services = child(root, 'services');
  if (services?.kind !== 'map') {
    return;
  }
  for (const { value: service } of services.entries.values()) {
    const variables = child(service, 'environment');
    if (variables?.kind !== 'seq') {
      continue;
    }
    variables.items = variables.items.map((item) => {
      const name =
        item.kind === 'scalar' && typeof item.value === 'string' ? item.value : undefined;
      const value = name === undefined ? undefined : environment.get(name);
      return value === undefined ? item : scalarAt(item, `${name}=${value}`);
    });
  }
}
