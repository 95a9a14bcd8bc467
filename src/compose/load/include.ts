import { dirname, isAbsolute, join, relative } from 'node:path';
import { applyResets } from './apply-resets.ts';
import { readEnvFiles } from './environment.ts';
import type { LoadScope } from './load-context.ts';
import { mergeTrees } from './merge/merge.ts';
import { fetchRemoteFile, isAllowed, isRemoteFile } from './remote.ts';
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
  const { paths, confinedTo } = filesOf(include, scope);
  const [main] = paths;
  if (main === undefined) {
    return undefined;
  }
  const given = stringOf(include.projectDirectory);
  const named =
    given === undefined ? dirname(main) : join(isAbsolute(given) ? '/' : workingDir, given);
  // a path that is no folder stands for the one it lies in, as in Compose
  const isFolder =
    given === undefined || isAbsolute(given) || shared.reader.kind(named) === 'folder';
  const folder = isFolder ? named : dirname(named);
  if (include.projectDirectory !== undefined) {
    if (!isAllowed(folder, include.projectDirectory, confinedTo, shared)) {
      return undefined;
    }
  }
  const environment = new Map(scope.environment);
  for (const [name, { value }] of readEnvFiles(
    includeEnvFiles(include, folder, scope, confinedTo),
    {
      files: shared.files,
      findings: shared.findings,
      lookup: (name) => scope.environment.get(name),
    },
  )) {
    if (!environment.has(name)) {
      environment.set(name, value);
    }
  }
  const isAbsoluteBase = confinedTo !== undefined || (given !== undefined && isAbsolute(given));
  return loadGroup(paths, {
    ...scope,
    workingDir: folder,
    pathBase: isAbsoluteBase ? folder : relative(workingDir, folder) || '.',
    resolvePaths: true,
    environment,
    ...(confinedTo === undefined ? {} : { confinedTo }),
  });
}

/** The files of one include; a remote one brings the folder that it is confined to. */
function filesOf(
  include: Include,
  scope: LoadScope,
): { paths: readonly string[]; confinedTo: string | undefined } {
  const { shared, confinedTo } = scope;
  const none = { paths: [], confinedTo };
  const remote = include.paths.find((node) => isRemoteFile(stringOf(node) ?? ''));
  if (remote === undefined) {
    return { paths: absolutePaths(include, scope), confinedTo };
  }
  if (include.paths.length > 1) {
    shared.findings.error(
      'COMPOSE_INCLUDE_INVALID',
      'a remote file cannot be merged with others in one entry of `include`',
      remote,
      { hint: 'Give it an entry of its own.' },
    );
    return none;
  }
  const fetched = fetchRemoteFile(stringOf(remote) ?? '', remote, shared, confinedTo);
  if (fetched === undefined || isIncluded(fetched.file, remote, scope)) {
    return none;
  }
  return { paths: [fetched.file], confinedTo: fetched.confinedTo };
}

function absolutePaths(include: Include, scope: LoadScope): string[] {
  const { shared, workingDir, confinedTo } = scope;
  const paths: string[] = [];
  for (const [index, node] of include.paths.entries()) {
    const name = stringOf(node) ?? '';
    const path = isAbsolute(name) ? name : join(workingDir, name);
    if (!isAllowed(path, node, confinedTo, shared)) {
      return [];
    }
    if (index === 0 && isIncluded(path, node, scope)) {
      return [];
    }
    if (shared.files.parse(path, node) === undefined) {
      return [];
    }
    paths.push(path);
  }
  return paths;
}

/** Reports a file that is being included already. */
function isIncluded(path: string, node: Node, { shared, including }: LoadScope): boolean {
  if (!including.includes(path)) {
    return false;
  }
  shared.findings.error(
    'COMPOSE_INCLUDE_INVALID',
    `files include each other in a circle: ${[...including.slice(including.indexOf(path)), path].join(' -> ')}`,
    node,
  );
  return true;
}

/** Files that the including file names are held to its own bounds, the usual one beside the included file to that file's. */
function includeEnvFiles(
  { envFiles, paths }: Include,
  folder: string,
  { shared, workingDir, confinedTo: ownBounds }: LoadScope,
  confinedTo: string | undefined,
): { path: string; place?: Node }[] {
  const [first] = paths;
  if (envFiles.length === 0) {
    const path = join(folder, '.env');
    const isThere = shared.reader.kind(path) === 'file';
    const isFree = confinedTo === undefined || first === undefined;
    return isThere && (isFree || isAllowed(path, first, confinedTo, shared)) ? [{ path }] : [];
  }
  return envFiles
    .map((place) => ({ place, name: stringOf(place) ?? '' }))
    .filter(({ name }) => name !== '/dev/null')
    .map(({ place, name }) => ({ path: isAbsolute(name) ? name : join(workingDir, name), place }))
    .filter(({ path, place }) => isAllowed(path, place, ownBounds, shared));
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
        applyResets(entry.value, marked, own.value);
      }
      own.value = mergeTrees(entry.value, own.value, shared.findings, [section, name]);
    }
  }
}
