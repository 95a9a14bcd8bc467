import { join } from 'node:path';
import type { StateRoots } from '../../state/index.ts';

/** Where the builder keeps what; docs/on-disk-layout.md. */
export function buildPaths({ data, run }: StateRoots) {
  const build = join(data, 'build');
  return {
    /** One record a step that was done, by its cache key. */
    record: (key: string) => join(build, 'cache', `${key}.json`),
    records: join(build, 'cache'),
    /** What a step has changed, until an image takes it over. */
    snapshot: (id: string) => join(build, 'snapshots', id),
    snapshots: join(build, 'snapshots'),
    /** Digests of what COPY takes from another stage or image; losing one costs time only. */
    memos: join(build, 'memos'),
    /** Folders of steps, and empty ones that stand for builds, under way: `<n>.<pid>-<start>.new`. */
    work: join(build, 'work'),
    /** Folders of `RUN --mount=type=cache`. */
    mounts: join(build, 'mounts'),
    /** What ADD and contexts were fetched from the network. */
    downloads: join(build, 'downloads'),
    fileHashes: join(build, 'file-hashes'),
    /** The lowest layer under every step: the mount points that the runtime needs. */
    scaffold: join(build, 'scaffold'),
    /** Secrets of steps under way; memory. */
    secrets: join(run, 'build'),
    lock: (name: string) => join(run, 'locks', `build-${name}`),
  } as const;
}
