import type { Readable } from 'node:stream';
import {
  type ArchivePlace,
  type ArchiveReader,
  layerChanges,
  type PathStat,
  readArchive,
  sendArchive,
  statPath,
  writeArchive,
} from '../../runtime/index.ts';
import { containerPaths, withProcessLock } from '../../state/index.ts';
import type { EngineContext } from '../engine-context.ts';
import { observeContainer } from '../observe/observed-containers.ts';
import { hasProcess } from '../observe/running.ts';

export type { ArchiveReader, PathStat };

/** Files of one side of a copy. Paths are absolute; a container's lead nowhere out of it, whatever links are on the way. */
export interface Files {
  stat(path: string): Promise<PathStat | undefined>;
  /** As a tar archive in which the path's own entry is called `name`. */
  read(path: string, name: string): Promise<ArchiveReader>;
  /** The same to an open descriptor. */
  send(path: string, name: string, output: number): Promise<void>;
  /** Unpacks an archive into the folder `path`. */
  write(path: string, archive: Readable | number, owner?: string): Promise<void>;
}

/** The host's own files. */
export function hostFilesAccess({ nativeBinary: native }: EngineContext): Files {
  return filesOf({ native });
}

/**
 * A container's files: of a running one as its processes see them, volumes included; of a stopped one likewise, mounted for the
 * time of the copy.
 * @throws {AppError} `ENGINE_CONTAINER_NOT_FOUND`
 */
export function containerFiles(context: EngineContext, idOrName: string): Files {
  const { record } = observeContainer(context, idOrName);
  const { dir, run, lock } = containerPaths(context.roots, record.id);
  const files = filesOf({ native: context.nativeBinary, container: { dir, run } });
  // Two mounts of one writable layer would not see each other: not while it is being started or removed.
  const settled = <T>(work: () => Promise<T>): Promise<T> =>
    hasProcess(observeContainer(context, record.id).state) ? work() : withProcessLock(lock, work);
  return {
    stat: (path) => settled(() => files.stat(path)),
    read: async (path, name) => {
      let ready: (reader: ArchiveReader) => void = () => undefined;
      const reader = new Promise<ArchiveReader>((resolve) => {
        ready = resolve;
      });
      const all = settled(async () => {
        const opened = await files.read(path, name);
        ready(opened);
        await opened.done;
      });
      all.catch(() => undefined);
      return Promise.race([reader, all.then(() => reader)]);
    },
    send: (path, name, output) => settled(() => files.send(path, name, output)),
    write: (path, archive, owner) => settled(() => files.write(path, archive, owner)),
  };
}

/** Writes the container's root file system, without its volumes, as a tar archive to an open descriptor. */
export function exportContainer(
  context: EngineContext,
  idOrName: string,
  output: number,
): Promise<void> {
  return sendArchive(placeOf(context, idOrName), { kind: 'export' }, output);
}

/** What the container has changed on its root, each path once. */
export function containerChanges(
  context: EngineContext,
  idOrName: string,
): Promise<{ kind: 'A' | 'C' | 'D'; path: string }[]> {
  return layerChanges(placeOf(context, idOrName));
}

/** What the container has changed, as a layer of an image. */
export function changedLayer(context: EngineContext, id: string): ArchiveReader {
  return readArchive(placeOf(context, id), { kind: 'layer' });
}

function placeOf(context: EngineContext, idOrName: string): ArchivePlace {
  const { record } = observeContainer(context, idOrName);
  const { dir, run } = containerPaths(context.roots, record.id);
  return { native: context.nativeBinary, container: { dir, run } };
}

function filesOf(place: ArchivePlace): Files {
  return {
    stat: (path) => statPath(place, path),
    read: async (path, name) => readArchive(place, { kind: 'get', path, name }),
    send: (path, name, output) => sendArchive(place, { kind: 'get', path, name }, output),
    write: (path, archive, owner) => writeArchive(place, path, archive, owner),
  };
}
