import { isAbsolute, relative } from 'node:path';
import type { ServiceHook, WatchAction } from '../compose/model/index.ts';
import { IgnorePatterns, type SourceRange } from '../core/index.ts';
import { isFolder, lookAt } from './look.ts';

/** What a rule is made from. */
export interface RuleDefinition {
  readonly service: string;
  /** Its place in the service's list. */
  readonly index: number;
  readonly action: WatchAction;
  /** Absolute, links followed as far as it exists. */
  readonly path: string;
  /** The path as the file has it, for people. */
  readonly shownPath: string;
  readonly target: string | undefined;
  readonly exec: ServiceHook | undefined;
  readonly ignore: readonly string[];
  readonly include: readonly string[];
  /** Undefined: what has changed since the image was made is synced at the beginning. */
  readonly initialSync: boolean | undefined;
  /** The path is bind-mounted into the service, so that syncing it has nothing to do. */
  readonly bindMounted: boolean;
  /** Build context and the patterns of its .dockerignore; both belong together. */
  readonly dockerignore:
    | { readonly folder: string; readonly patterns: readonly string[] }
    | undefined;
  /** Where one of its keys stands; `''` is the rule itself. */
  readonly place: (key: string) => SourceRange | undefined;
}

/**
 * What editors and tools put beside a file for the moment of a save, and version control's own folder. Watching them would
 * make two changes of one.
 */
const passingFiles = new IgnorePatterns([
  '**/.git',
  '**/.hg',
  '**/.svn',
  '**/.idea',
  '**/.DS_Store',
  // vim
  '**/4913',
  '**/*~',
  '**/.*.sw?',
  '**/.*.sw??',
  // emacs
  '**/.#*',
  '**/#*#',
  // JetBrains, kate, gofmt
  '**/*___jb_tmp___',
  '**/*___jb_old___',
  '**/.*.kate-swp',
  '**/*-go-tmp-umask',
]);

/** One rule of `develop.watch`, ready to judge paths. */
export class WatchRule {
  readonly definition: RuleDefinition;
  readonly service: string;
  readonly action: WatchAction;
  readonly path: string;
  readonly #ignore: IgnorePatterns;
  readonly #include: IgnorePatterns;
  readonly #dockerignore: IgnorePatterns;
  /** What the path was when it was last looked at and existed. */
  #wasFile = false;

  /** @throws {PatternError} */
  constructor(definition: RuleDefinition) {
    this.definition = definition;
    this.service = definition.service;
    this.action = definition.action;
    this.path = definition.path;
    this.#ignore = new IgnorePatterns(definition.ignore);
    this.#include = new IgnorePatterns(definition.include);
    this.#dockerignore = new IgnorePatterns(definition.dockerignore?.patterns ?? []);
    this.kind();
  }

  /** True where files are written into the container. */
  get syncs(): boolean {
    return this.action.startsWith('sync') && !this.definition.bindMounted;
  }

  /** What the rule's path is on the host at this moment. */
  kind(): 'file' | 'folder' | undefined {
    if (lookAt(this.path) === undefined) return undefined;
    this.#wasFile = !isFolder(this.path);
    return this.#wasFile ? 'file' : 'folder';
  }

  /** True where the path was a file when it was last there: then its end means the end of the target. */
  get wasFile(): boolean {
    return this.#wasFile;
  }

  /**
   * The path relative to the rule's, `''` for the rule's own path; undefined where the rule does not care for it.
   * @param path absolute.
   */
  match(path: string): string | undefined {
    const below = pathBelow(this.path, path);
    if (below === undefined) return undefined;
    if (below === '') return below;
    if (this.#ignore.matches(below) || passingFiles.matches(below)) return undefined;
    if (!this.#include.isEmpty && !this.#include.matches(below)) return undefined;
    if (this.#isDockerIgnored(path)) return undefined;
    return below;
  }

  /** True where the rule wants to know what happens in the folder. */
  wantsFolder(folder: string): boolean {
    const below = pathBelow(this.path, folder);
    if (below === undefined) return pathBelow(folder, this.path) !== undefined;
    if (below === '') return true;
    if (this.#ignore.coversFolder(below) || passingFiles.coversFolder(below)) return false;
    if (!this.#include.isEmpty && !this.#include.reaches(below)) return false;
    const { dockerignore } = this.definition;
    const inContext = dockerignore && pathBelow(dockerignore.folder, folder);
    return !inContext || !this.#dockerignore.coversFolder(inContext);
  }

  #isDockerIgnored(path: string): boolean {
    const { dockerignore } = this.definition;
    const inContext = dockerignore && pathBelow(dockerignore.folder, path);
    return inContext !== undefined && inContext !== '' && this.#dockerignore.matches(inContext);
  }
}

/** `path` relative to `folder`, `''` for the folder itself; undefined where it lies elsewhere. */
export function pathBelow(folder: string, path: string): string | undefined {
  if (path === folder) return '';
  const prefix = folder === '/' ? '/' : `${folder}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
}

/** A path as people see it: from the project folder where it lies in it. */
export function shownPath(workingDir: string, path: string): string {
  const from = relative(workingDir, path);
  if (from === '') return '.';
  return from.startsWith('..') || isAbsolute(from) ? path : from;
}
