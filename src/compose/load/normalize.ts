/** Fills in what follows from the rest of the project: networks, names, implied dependencies, variables. */
import { cleanPath, setDefault } from './canonical/canonical.ts';
import {
  child,
  isNull,
  type MapNode,
  mapAt,
  type Node,
  type Place,
  scalarAt,
  setChild,
  stringOf,
} from './yaml/node.ts';

export interface NormalizeContext {
  readonly projectName: string;
  readonly environment: ReadonlyMap<string, string>;
}

/** Changes the tree in place. */
export function normalize(root: MapNode, { projectName, environment }: NormalizeContext): void {
  connectToDefaultNetwork(root);
  const services = child(root, 'services');
  if (services?.kind === 'map') {
    for (const { value } of services.entries.values()) {
      if (value.kind === 'map') {
        normalizeService(value, environment);
      }
    }
  }
  nameResources(root, projectName);
}

function connectToDefaultNetwork(root: MapNode): void {
  const services = child(root, 'services');
  if (services?.kind !== 'map') {
    return;
  }
  let user: Place | undefined;
  for (const { key, value: service } of services.entries.values()) {
    if (
      service.kind !== 'map' ||
      service.entries.has('provider') ||
      service.entries.has('network_mode')
    ) {
      continue;
    }
    const networks = child(service, 'networks');
    if (networks === undefined || (networks.kind === 'map' && networks.entries.size === 0)) {
      setChild(service, 'networks', mapAt(key, { default: scalarAt(key, null) }), key);
      user ??= key;
    } else if (networks.kind === 'map') {
      user ??= networks.entries.get('default')?.key;
    }
  }
  if (user === undefined) {
    return;
  }
  const existing = child(root, 'networks');
  const networks = existing?.kind === 'map' ? existing : mapAt(user);
  if (networks !== existing) {
    setChild(root, 'networks', networks);
  }
  if (!networks.entries.has('default')) {
    setChild(networks, 'default', scalarAt(user, null));
  }
}

function normalizeService(service: MapNode, environment: ReadonlyMap<string, string>): void {
  const policy = service.entries.get('pull_policy');
  if (policy !== undefined && stringOf(policy.value) === 'if_not_present') {
    policy.value = { ...policy.value, kind: 'scalar', value: 'missing' };
  }
  const build = child(service, 'build');
  if (build?.kind === 'map') {
    setDefault(build, 'context', '.');
    if (!build.entries.has('dockerfile_inline')) {
      setDefault(build, 'dockerfile', 'Dockerfile');
    }
    const args = build.entries.get('args');
    if (args !== undefined) {
      args.value = fillVariables(args.value, environment, false);
    }
  }
  const variables = service.entries.get('environment');
  if (variables !== undefined) {
    variables.value = fillVariables(variables.value, environment, true);
  }
  addImpliedDependencies(service);
  cleanMountTargets(service);
  inheritHookImages(service);
}

/** Gives names without a value the variable of that name; where there is none, `keepUnset` keeps the name. */
function fillVariables(
  node: Node,
  environment: ReadonlyMap<string, string>,
  keepUnset: boolean,
): Node {
  if (node.kind === 'map') {
    for (const [key, entry] of [...node.entries]) {
      if (!isNull(entry.value)) {
        continue;
      }
      const value = environment.get(key);
      if (value !== undefined) {
        entry.value = scalarAt(entry.value, value);
      } else if (!keepUnset) {
        node.entries.delete(key);
      }
    }
    return node;
  }
  if (node.kind === 'seq') {
    node.items = node.items.flatMap((item) => {
      const text = stringOf(item);
      if (text === undefined || text.includes('=')) {
        return [item];
      }
      const value = environment.get(text);
      if (value !== undefined) {
        return [scalarAt(item, `${text}=${value}`)];
      }
      return keepUnset ? [item] : [];
    });
  }
  return node;
}

const sharedNamespaces = ['network_mode', 'ipc', 'pid', 'uts', 'cgroup'];

function addImpliedDependencies(service: MapNode): void {
  const existing = child(service, 'depends_on');
  const dependencies = existing?.kind === 'map' ? existing : mapAt(service);
  const add = (name: string, place: Place, restart: boolean) => {
    if (dependencies.entries.has(name)) {
      return;
    }
    const dependency = mapAt(place, {
      condition: scalarAt(place, 'service_started'),
      restart: scalarAt(place, restart),
      required: scalarAt(place, true),
    });
    setChild(dependencies, name, dependency, place);
  };
  for (const link of itemsOf(child(service, 'links'))) {
    const parts = (stringOf(link) ?? '').split(':');
    add(parts.length === 2 ? (parts[0] ?? '') : parts.join(':'), link, true);
  }
  for (const key of sharedNamespaces) {
    const node = child(service, key);
    const text = stringOf(node);
    if (node !== undefined && text?.startsWith('service:')) {
      add(text.slice('service:'.length), node, true);
    }
  }
  for (const source of itemsOf(child(service, 'volumes_from'))) {
    const text = stringOf(source) ?? '';
    if (!text.startsWith('container:')) {
      add(text.split(':', 1)[0] ?? '', source, false);
    }
  }
  if (dependencies !== existing && dependencies.entries.size > 0) {
    setChild(service, 'depends_on', dependencies);
  }
}

function itemsOf(node: Node | undefined): readonly Node[] {
  return node?.kind === 'seq' ? node.items : [];
}

function cleanMountTargets(service: MapNode): void {
  for (const mount of itemsOf(child(service, 'volumes'))) {
    const target = mount.kind === 'map' ? mount.entries.get('target') : undefined;
    const text = stringOf(target?.value);
    if (target !== undefined && text !== undefined) {
      target.value = { ...target.value, kind: 'scalar', value: cleanPath(text) };
    }
  }
}

function inheritHookImages(service: MapNode): void {
  const image = child(service, 'image');
  if (image === undefined || (stringOf(image) ?? '') === '') {
    return;
  }
  for (const hook of itemsOf(child(service, 'pre_start'))) {
    if (hook.kind === 'map' && !hook.entries.has('image')) {
      setChild(hook, 'image', image);
    }
  }
}

function nameResources(root: MapNode, projectName: string): void {
  for (const section of ['networks', 'volumes', 'configs', 'secrets']) {
    const resources = child(root, section);
    if (resources?.kind !== 'map') {
      continue;
    }
    for (const [key, entry] of resources.entries) {
      if (isNull(entry.value)) {
        entry.value = mapAt(entry.key);
      }
      const resource = entry.value;
      if (resource.kind !== 'map') {
        continue;
      }
      const external = child(resource, 'external');
      const isExternal =
        external?.kind === 'scalar' && (external.value === true || external.value === 'true');
      if (child(resource, 'name') === undefined || isNull(child(resource, 'name'))) {
        const name = isExternal ? key : `${projectName}_${key}`;
        setChild(resource, 'name', scalarAt(entry.key, name));
      }
    }
  }
}
