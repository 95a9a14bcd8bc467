/**
 * Images from Dockerfiles.
 *
 * dockerfile/ reads the language, every word with its place · context/ brings a build's files here · graph/ decides which stages are
 * needed and what an instruction means for the image · steps/ does RUN, COPY, ADD and WORKDIR · cache/ knows what was done before ·
 * lint/ warns · remote-cache/ takes steps from other machines and gives them to them · native/ talks to the native side, which alone touches paths inside images · export/ makes an image of a finished stage.
 *
 * A step's result is a folder, the overlay's upper one, kept by a rename under a key of everything that it depends on; contents and
 * modes count, times do not. Digests of layers are computed when an image is made of them. A RUN is run by what the
 * caller passes in (the engine); registries are reached through what it passes in, too. Dockerfile and context are hostile input.
 */
export { imagesNamed } from './base-names.ts';
export { Builder } from './build-image.ts';
export type {
  BuilderOptions,
  BuildOptions,
  BuiltImage,
  CachePlace,
  CacheTarget,
  ContextSource,
  RunStep,
  SecretSource,
  StepMount,
  StepSpec,
} from './build-options.ts';
export { type CacheEntry, listBuildCache, oldestBuild } from './cache/list-cache.ts';
export { type PrunedCache, type PruneOptions, pruneBuildCache } from './cache/prune-cache.ts';
export { parseGitAddress } from './context/git-repository.ts';
export { csvFields } from './dockerfile/read-mount.ts';
export { type Linted, lintDockerfile } from './lint/lint-dockerfile.ts';
export type { LintWarning } from './lint/lint-warning.ts';
export type { BuildEvent, ProgressSink, Vertex } from './progress.ts';
