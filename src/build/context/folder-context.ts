import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { AppError, type IgnorePatterns } from '../../core/index.ts';
import { isErrno } from '../../state/index.ts';
import type { TreeEntry } from '../native/tree.ts';
import { componentMatcher } from './path-patterns.ts';

/** As many links as the kernel follows. */
const maxLinks = 40;

/**
 * The files of a folder on this machine as a build sees them: without what is ignored, links leading no further than the folder.
 * Only what is asked for is looked at; contents are read by the caller.
 */
export class FolderContext {
  /** Absolute. */
  readonly root: string;
  readonly #ignore: IgnorePatterns;

  constructor(root: string, ignore: IgnorePatterns) {
    this.root = root;
    this.#ignore = ignore;
  }

  /** What lies at the paths, sorted; nothing for a path that is not there. */
  list(paths: readonly string[]): TreeEntry[] {
    return paths.flatMap((path, request) =>
      this.#expand(path).flatMap((top) => this.#below(request, top)),
    );
  }

  /** The path with the links on its way, and it itself, replaced by what they lead to inside the folder. */
  resolve(path: string): string | undefined {
    let rest = path.split('/');
    let done: string[] = [];
    let links = 0;
    while (rest.length > 0) {
      const [name = '', ...more] = rest;
      rest = more;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        done.pop();
        continue;
      }
      const stat = this.#stat([...done, name].join('/'));
      if (stat === undefined) return undefined;
      if (!stat.isSymbolicLink()) {
        if (rest.some((one) => one !== '' && one !== '.') && !stat.isDirectory()) return undefined;
        done.push(name);
        continue;
      }
      links += 1;
      if (links > maxLinks) return undefined;
      const target = readlinkSync(join(this.root, ...done, name));
      if (target.startsWith('/')) done = [];
      rest = [...target.split('/'), ...rest];
    }
    return done.join('/');
  }

  #expand(pattern: string): string[] {
    let found = [''];
    for (const component of pattern.split('/')) {
      if (component === '' || component === '.') continue;
      if (!/[*?[\\]/.test(component)) {
        found = found.map((path) => joined(path, component));
        continue;
      }
      const matches = componentMatcher(component);
      found = found.flatMap((path) =>
        this.#names(path)
          .filter((name) => matches.test(name))
          .map((name) => joined(path, name)),
      );
    }
    return found;
  }

  #below(request: number, top: string): TreeEntry[] {
    const path = this.resolve(top);
    if (path === undefined) return [];
    const stat = this.#stat(path);
    if (stat === undefined) return [];
    if (!stat.isDirectory()) {
      return this.#ignore.matches(path)
        ? []
        : [this.#entry({ request, top, path: '' }, path, stat)];
    }
    const entries = this.#folder({ request, top }, path, '');
    // A folder that is left out is there only for what is taken back in it.
    if (path !== '' && this.#ignore.matches(path) && entries.length === 0) return [];
    return [this.#entry({ request, top, path: '' }, path, stat), ...entries];
  }

  #folder(
    place: { readonly request: number; readonly top: string },
    folder: string,
    below: string,
  ): TreeEntry[] {
    const entries: TreeEntry[] = [];
    for (const name of this.#names(folder)) {
      const full = joined(folder, name);
      const path = joined(below, name);
      if (this.#ignore.coversFolder(full)) continue;
      const ignored = this.#ignore.matches(full);
      const stat = this.#stat(full);
      if (stat === undefined) continue;
      if (!stat.isDirectory()) {
        if (!ignored) entries.push(this.#entry({ ...place, path }, full, stat));
        continue;
      }
      const inside = this.#folder(place, full, path);
      if (ignored && inside.length === 0) continue;
      entries.push(this.#entry({ ...place, path }, full, stat), ...inside);
    }
    return entries;
  }

  #entry(
    place: { readonly request: number; readonly top: string; readonly path: string },
    full: string,
    stat: Stats,
  ): TreeEntry {
    const type = stat.isFile()
      ? 'file'
      : stat.isDirectory()
        ? 'dir'
        : stat.isSymbolicLink()
          ? 'link'
          : 'special';
    return {
      ...place,
      type,
      mode: stat.mode & 0o7777,
      uid: 0,
      gid: 0,
      size: type === 'file' ? stat.size : 0,
      ...(type === 'link' ? { target: readlinkSync(join(this.root, full)) } : {}),
    };
  }

  #names(folder: string): string[] {
    const real = this.resolve(folder);
    if (real === undefined) return [];
    try {
      return readdirSync(join(this.root, real)).sort();
    } catch (error) {
      if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return [];
      throw unreadable(join(this.root, folder), error);
    }
  }

  #stat(path: string): Stats | undefined {
    try {
      return lstatSync(join(this.root, path));
    } catch (error) {
      if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
      throw unreadable(join(this.root, path), error);
    }
  }
}

function joined(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function unreadable(path: string, cause: unknown): AppError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AppError('BUILD_CONTEXT_INVALID', `cannot read ${path}: ${why}`, { cause });
}
