import { dirname, isAbsolute, join, relative } from 'node:path';
import { applyResets } from './apply-resets.ts';
import { readEnvFiles } from './environment.ts';
import type { LoadScope } from './load-context.ts';
import { mergeTrees } from './merge/merge.ts';
import { isRemoteFile } from './remote.ts';
import { child, isNull, type MapNode, mapAt, type Node, setChild, stringOf } from './yaml/node.ts';

const sections = ['services', 'volumes', 'networks', 'secrets', 'configs', 'models'];

/** One entry of `include`, its short form written out. */
interface Include {
  readonly paths: readonly Node[];
  readonly projectDirectory?: Node | undefined;
  readonly envFiles: readonly Node[];
}

/** Loads and merges a group of files; handed in, as that in turn follows includes. */
export type LoadGroup = (paths: readonly string[], scope: LoadScope) => MapNode | undefined;

interface IncludingFile {
  /** The tree as parsed, for its `!reset` marks. */
  readonly document: Node;
  readonly file: string;
  readonly scope: LoadScope;
  readonly loadGroup: LoadGroup;
}

/** Loads what `include` names, each with its own folder and variables, and copies it into `root`. */
export function applyIncludes(
  root: MapNode,
  { document, file, scope, loadGroup }: IncludingFile,
): void {
  const { findings } = scope.shared;
  const list = root.entries.get('include');
  root.entries.delete('include');
  if (list === undefined || isNull(list.value)) {
    return;
  }
  if (list.value.kind !== 'seq') {
    findings.error('COMPOSE_TYPE_MISMATCH', '`include` must be a list', list.value, {
      hint: 'Start the line with a dash: `- other.yaml`.',
    });
    return;
  }
  const inner: LoadScope = { ...scope, including: [...scope.including, file] };
  for (const item of list.value.items) {
    const include = readInclude(item, scope);
    const loaded = include === undefined ? undefined : loadInclude(include, inner, loadGroup);
    if (loaded !== undefined) {
      copyInto(root, loaded, document, scope);
    }
  }
}

function readInclude(item: Node, { shared: { findings } }: LoadScope): Include | undefined {
  const texts = (node: Node | undefined): Node[] =>
    node === undefined || isNull(node) ? [] : node.kind === 'seq' ? node.items : [node];
  const isText = (node: Node) => stringOf(node) !== undefined;
  const include: Include =
    item.kind === 'map'
      ? {
          paths: texts(child(item, 'path')),
          projectDirectory: child(item, 'project_directory'),
          envFiles: texts(child(item, 'env_file')),
        }
      : { paths: [item], envFiles: [] };
  if (
    include.paths.length === 0 ||
    !include.paths.every(isText) ||
    !include.envFiles.every(isText)
  ) {
    findings.error(
      'COMPOSE_TYPE_MISMATCH',
      'an entry of `include` must be a path, or a mapping with `path`',
      item,
    );
    return undefined;
  }
  if (item.kind === 'map') {
    for (const [key, { key: place }] of item.entries) {
      if (!['path', 'project_directory', 'env_file'].includes(key)) {
        findings.error(
          'COMPOSE_KEY_UNKNOWN',
          `unknown key \`${key}\` in an entry of include`,
          place,
        );
      }
    }
  }
  return include;
}

function loadInclude(
  include: Include,
  scope: LoadScope,
  loadGroup: LoadGroup,
): MapNode | undefined {
  const { shared, workingDir } = scope;
  const paths = absolutePaths(include, scope);
  const [main] = paths;
  if (main === undefined) {
    return undefined;
  }
  const given = stringOf(include.projectDirectory);
  const folder =
    given === undefined ? dirname(main) : join(isAbsolute(given) ? '/' : workingDir, given);
  const environment = new Map(scope.environment);
  for (const [name, { value }] of readEnvFiles(includeEnvFiles(include, folder, scope), {
    files: shared.files,
    findings: shared.findings,
    lookup: (name) => scope.environment.get(name),
  })) {
    if (!environment.has(name)) {
      environment.set(name, value);
    }
  }
  return loadGroup(paths, {
    ...scope,
    workingDir: folder,
    pathBase:
      given !== undefined && isAbsolute(given) ? given : relative(workingDir, folder) || '.',
    resolvePaths: true,
    environment,
  });
}

function absolutePaths(include: Include, { shared, workingDir, including }: LoadScope): string[] {
  const { findings } = shared;
  const paths: string[] = [];
  for (const [index, node] of include.paths.entries()) {
    const name = stringOf(node) ?? '';
    if (isRemoteFile(name)) {
      findings.error('COMPOSE_REMOTE_DISABLED', `"${name}" is a remote file`, node);
      return [];
    }
    const path = isAbsolute(name) ? name : join(workingDir, name);
    if (index === 0 && including.includes(path)) {
      findings.error(
        'COMPOSE_INCLUDE_INVALID',
        `files include each other in a circle: ${[...including.slice(including.indexOf(path)), path].join(' -> ')}`,
        node,
      );
      return [];
    }
    if (shared.files.parse(path, node) === undefined) {
      return [];
    }
    paths.push(path);
  }
  return paths;
}

function includeEnvFiles(
  { envFiles }: Include,
  folder: string,
  { shared, workingDir }: LoadScope,
): { path: string; place?: Node }[] {
  if (envFiles.length === 0) {
    const path = join(folder, '.env');
    return shared.reader.kind(path) === 'file' ? [{ path }] : [];
  }
  return envFiles
    .map((place) => ({ place, name: stringOf(place) ?? '' }))
    .filter(({ name }) => name !== '/dev/null')
    .map(({ place, name }) => ({
      path: isAbsolute(name) ? name : join(workingDir, name),
      place,
    }));
}

/** Copies what an include defines; what the including file defines as well is merged over it. */
function copyInto(root: MapNode, loaded: MapNode, document: Node, { shared }: LoadScope): void {
  for (const section of sections) {
    const from = loaded.entries.get(section);
    if (from?.value.kind !== 'map') {
      continue;
    }
    const existing = child(root, section);
    const into = existing?.kind === 'map' ? existing : mapAt(from.value);
    if (into !== existing) {
      setChild(root, section, into, from.key);
    }
    for (const [name, entry] of from.value.entries) {
      const own = into.entries.get(name);
      if (own === undefined) {
        into.entries.set(name, entry);
        continue;
      }
      const marked = child(child(document, section), name);
      if (marked !== undefined) {
        applyResets(entry.value, marked);
      }
      own.value = mergeTrees(entry.value, own.value, shared.findings, [section, name]);
    }
  }
}
