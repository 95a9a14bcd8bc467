import { AppError } from '../../core/index.ts';
import type { StateRoots } from '../../state/index.ts';
import {
  familiarRepository,
  formatReference,
  parseReference,
  withDefaultTag,
} from '../reference.ts';
import { collectGarbage } from './collect-garbage.ts';
import { mergeEntries } from './commit.ts';
import { type ImageInfo, listImages } from './describe.ts';
import { type IndexEntry, indexEntry, readIndex, writeIndex } from './index-file.ts';
import { ensureStore, storePaths } from './layout.ts';
import { withStoreLock } from './lock.ts';
import { type FoundImage, familiarName, findImage } from './resolve.ts';

export interface RemoveOptions {
  /** Also an image with several names, or one that containers are made from: those keep their layers. */
  readonly force?: boolean;
  /** Names of the containers, running or not, that are made from an image. */
  readonly usedBy: (imageId: string) => readonly string[];
}

/** One line of what `docker image rm` prints. */
export type Removal = { readonly Untagged: string } | { readonly Deleted: string };

/**
 * Takes a name from an image, and removes the image with its last name. By id, all its names go.
 * @throws {AppError} `IMAGE_NOT_FOUND`, `IMAGE_IN_USE`
 */
export function removeImage(
  roots: StateRoots,
  nameOrId: string,
  options: RemoveOptions,
): Promise<Removal[]> {
  return changeStore(roots, async () => {
    const image = findImage(roots, nameOrId);
    const named = entryOfName(image, nameOrId);
    const leaving = named ? [named] : image.entries;
    const isLast = leaving.length === image.entries.length;
    const users = isLast ? options.usedBy(image.id) : [];
    if (!options.force) checkRemovable(image, named, users);
    const removals: Removal[] = leaving.flatMap(({ name }) =>
      name === undefined ? [] : [{ Untagged: familiarName(name) }],
    );
    const kept = readIndex(roots).filter((entry) => !leaving.some((other) => isSame(entry, other)));
    const [first] = image.entries;
    if (isLast && users.length > 0 && first) kept.push(indexEntry(first, undefined));
    writeIndex(roots, kept);
    if (isLast && users.length === 0) {
      removals.push({ Deleted: image.id });
      for (const layer of (await collectGarbage(roots)).layers) removals.push({ Deleted: layer });
    }
    return removals;
  });
}

/**
 * Gives an image one more name. An image that had the name loses it and stays.
 * @throws {AppError} `IMAGE_NOT_FOUND`, `IMAGE_REFERENCE_INVALID`
 */
export function tagImage(roots: StateRoots, nameOrId: string, newName: string): Promise<string> {
  const reference = withDefaultTag(parseReference(newName));
  if (reference.digest !== undefined) {
    throw new AppError('IMAGE_REFERENCE_INVALID', `image name "${newName}": a name has no digest`);
  }
  return changeStore(roots, () => {
    const [entry] = findImage(roots, nameOrId).entries;
    if (!entry) throw new Error('an image of the index has an entry');
    writeIndex(roots, mergeEntries(readIndex(roots), [indexEntry(entry, reference)]));
    return familiarName(formatReference(reference));
  });
}

/** What `docker image prune` removes, and what it says of it. */
export interface PruneImagesOptions {
  /** Also images with names, as long as no container is made from them. */
  readonly all?: boolean;
  /** Ids of the images that containers, running or not, are made from; asked for once nothing else changes the store. */
  readonly used: () => Promise<ReadonlySet<string>>;
  /** Which of them; all where it is left out. */
  readonly isWanted?: (image: ImageInfo) => boolean;
}

/**
 * Removes images that nothing uses, and content that killed processes have left.
 * @returns one line for each name and image that went, and the bytes on disk that became free.
 */
export function pruneImages(
  roots: StateRoots,
  { all = false, used, isWanted = () => true }: PruneImagesOptions,
): Promise<{ readonly removals: Removal[]; readonly bytes: number }> {
  return changeStore(roots, async () => {
    const inUse = await used();
    const leaving = listImages(roots).filter(
      (image) =>
        !inUse.has(image.Id) && (all || (image.RepoTags ?? []).length === 0) && isWanted(image),
    );
    const ids = new Set(leaving.map(({ Id }) => Id));
    if (ids.size > 0) {
      writeIndex(
        roots,
        readIndex(roots).filter(({ imageId }) => !ids.has(imageId)),
      );
    }
    const { blobs, layers, bytes } = await collectGarbage(roots, { measure: true });
    const removals = leaving.flatMap(({ Id, RepoTags }): Removal[] => [
      ...(RepoTags ?? []).map((Untagged) => ({ Untagged })),
      { Deleted: Id },
    ]);
    for (const Deleted of layers) removals.push({ Deleted });
    // Blobs of the images above are no news; others have belonged to nobody.
    if (ids.size === 0) removals.push(...blobs.map((Deleted) => ({ Deleted })));
    return { removals, bytes };
  });
}

function changeStore<T>(roots: StateRoots, change: () => T | Promise<T>): Promise<T> {
  ensureStore(roots);
  return withStoreLock(storePaths(roots).lock, change);
}

/** The entry that was asked for by its name; undefined where it was asked for by id or digest. */
function entryOfName(image: FoundImage, nameOrId: string): IndexEntry | undefined {
  if (/^sha256:[0-9a-f]+$/.test(nameOrId) || image.id.startsWith(`sha256:${nameOrId}`)) {
    return undefined;
  }
  const wanted = formatReference(withDefaultTag(parseReference(nameOrId)));
  return image.entries.find(({ name }) => name === wanted);
}

function checkRemovable(
  image: FoundImage,
  named: IndexEntry | undefined,
  users: readonly string[],
): void {
  const label = named?.name === undefined ? image.id.slice(7, 19) : familiarName(named.name);
  if (users.length > 0) {
    throw new AppError('IMAGE_IN_USE', `image "${label}" is used by ${users.join(', ')}`, {
      details: { containers: users },
    });
  }
  const repositories = new Set(
    image.entries.flatMap(({ name }) =>
      name === undefined ? [] : [familiarRepository(parseReference(name))],
    ),
  );
  if (!named && repositories.size > 1) {
    const names = [...repositories].join(', ');
    throw new AppError('IMAGE_IN_USE', `image "${label}" has several names: ${names}`, {
      details: { names: [...repositories] },
    });
  }
}

function isSame(a: IndexEntry, b: IndexEntry): boolean {
  return a.name === b.name && a.imageId === b.imageId && a.manifest.digest === b.manifest.digest;
}
