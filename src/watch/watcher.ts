import { dirname } from 'node:path';
import type { AppError } from '../core/index.ts';
import { pathBelow, type WatchRule } from './rule.ts';

/** Tells of changes below the paths of some rules. */
export interface Watcher {
  /** Resolves once nothing that happens from now on is missed. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Whom a {@link Watcher} tells; paths are absolute. */
export interface WatcherSink {
  /** Something was made, changed or removed there. Paths that no rule asks for may be among them. */
  changed(paths: readonly string[]): void;
  /** What is directly in this folder is not watched; everything else is. */
  failed(folder: string, error: AppError): void;
}

/** What a watcher has to look at: the question is asked folder by folder, so that ignored ones are never entered. */
export class WatchScope {
  readonly rules: readonly WatchRule[];

  constructor(rules: readonly WatchRule[]) {
    this.rules = rules;
  }

  /** True where what happens in the folder, or below it, is asked for. */
  wantsFolder(folder: string): boolean {
    return this.rules.some((rule) => rule.wantsFolder(folder));
  }

  /** The only names that matter in a folder above the rules' paths; undefined: all. */
  onlyNames(folder: string): string[] | undefined {
    const names = new Set<string>();
    for (const rule of this.rules) {
      if (!rule.wantsFolder(folder)) continue;
      const rest = pathBelow(folder, rule.path);
      if (rest === undefined || rest === '') return undefined;
      names.add(rest.split('/', 1)[0] ?? '');
    }
    return [...names];
  }

  /**
   * Where to begin: the folder that holds each rule's path, so that the path's own end and return are seen; the nearest
   * one that exists.
   */
  roots(exists: (folder: string) => boolean): string[] {
    const roots = new Set<string>();
    for (const { path } of this.rules) {
      let folder = dirname(path);
      while (!exists(folder) && folder !== '/') folder = dirname(folder);
      roots.add(folder);
    }
    return [...roots];
  }
}
