import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WatchRule } from './rule.ts';

/** Folders that are read at the same time. */
const atOnce = 32;

/**
 * What a rule cares for at this moment: files, links and folders, relative to its path, folders before what is in them.
 * `['']` where the path is a file. Folders that go away or cannot be read meanwhile are left out.
 */
export async function listFiles(rule: WatchRule): Promise<string[]> {
  const found: string[] = [];
  const isFile = !(await walk(rule.path, {
    entered: (folder) => rule.wantsFolder(folder),
    entry(path) {
      const below = rule.match(path);
      if (below !== undefined) found.push(below);
    },
  }));
  return isFile ? [''] : found;
}

interface Visitor {
  /** Whether a folder is to be entered. */
  entered(folder: string): boolean;
  entry(path: string): void;
}

/** @returns false where `top` is not a folder that can be read. */
async function walk(top: string, visitor: Visitor): Promise<boolean> {
  let level = [top];
  let isFolder = true;
  while (level.length > 0) {
    const next: string[] = [];
    for (let at = 0; at < level.length; at += atOnce) {
      const folders = level.slice(at, at + atOnce);
      const listings = await Promise.all(
        // ENOENT, ENOTDIR, EACCES: nothing to list; the watcher is who reports the last one.
        folders.map((folder) => readdir(folder, { withFileTypes: true }).catch(() => undefined)),
      );
      for (const [index, entries] of listings.entries()) {
        const folder = folders[index] ?? '';
        if (entries === undefined && folder === top) isFolder = false;
        for (const entry of entries ?? []) {
          const path = join(folder, entry.name);
          visitor.entry(path);
          if (entry.isDirectory() && visitor.entered(path)) next.push(path);
        }
      }
    }
    level = next;
  }
  return isFolder;
}
