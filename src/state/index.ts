/**
 * Records on disk: where they lie, how they are written, who holds a name or an address.
 *
 * Files and kernel objects are the truth and memory is a cache. Every file has exactly one writer
 * (docs/on-disk-layout.md); names and addresses are reserved by `O_EXCL` creation; a record is written by
 * {@link writeFileAtomic}. Nothing here knows what a container is for.
 */
export { syncFolder, writeFileAtomic } from './atomic-write.ts';
export { containerPaths, type StateRoots, stateRoots } from './roots.ts';
