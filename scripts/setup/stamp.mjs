/** Stamps: a file that holds the hash of what a step was made from, so that the step is skipped while it is so. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Hash of the named files and folders (their files' paths and contents) and of extra strings. */
export function hashOf(root, paths, ...extra) {
  const hash = createHash('sha256');
  for (const text of extra) hash.update(`${text}\0`);
  for (const path of paths) addPath(hash, root, path);
  return hash.digest('hex');
}

function addPath(hash, root, path) {
  let entries;
  try {
    entries = readdirSync(join(root, path), { withFileTypes: true });
  } catch (error) {
    if (error.code !== 'ENOTDIR') throw error;
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name === 'generated' || entry.name === 'node_modules') continue;
    addPath(hash, root, `${path}/${entry.name}`);
  }
}

/** True where the stamp at `path` says `hash`. */
export function hasStamp(path, hash) {
  try {
    return readFileSync(path, 'utf8') === hash;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return false;
  }
}

export function writeStamp(path, hash) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, hash);
}
