/**
 * Images: names, the store on disk, unpacked layers, and the ways in which images come in.
 *
 * The store is an OCI image layout (`<data>/images`) that skopeo and umoci read too; each layer lies
 * unpacked once, under its diff id, in `<data>/layers`, and is never written again. An image becomes part of the store in one
 * step under the store's lock (store/commit.ts): layers are unpacked and blobs are written beside it before, as
 * unfinished entries that name their process, so that a kill leaves nothing that counts.
 *
 * reference.ts: names · store/: index, blobs, look-up, removal · unpack/: native untar · import/, load/,
 * bootstrap/: one folder a way in · check/: is it still what it was · derive/: an image from another one. What a container does with an image is not known here.
 */
export {
  type BootstrapOptions,
  type BootstrappedImage,
  bootstrapImage,
} from './bootstrap/bootstrap-image.ts';
export type { CopiedFile } from './bootstrap/tar-files.ts';
export {
  type CheckedStore,
  type CheckOptions,
  checkStore,
  type StoreFault,
} from './check/check-store.ts';
export { type DeriveOptions, deriveImage } from './derive/derive-image.ts';
export { type Digest, digestOf, isDigest } from './digest.ts';
export {
  type AssembledImage,
  type BaseImage,
  baseImage,
  collectUnused,
  findStored,
  hasBlob,
  ingestPath,
  layerFolder,
  type StoredLayer,
  storeAssembled,
  tagReference,
} from './for-build.ts';
export { type ImportedImage, type ImportOptions, importImage } from './import/import-image.ts';
export { hostPlatform } from './import/platform.ts';
export { type LoadedImage, type LoadOptions, loadImages } from './load/load-images.ts';
export {
  type Descriptor,
  type ExecutionConfig,
  type HealthcheckConfig,
  type HistoryEntry,
  type ImageConfig,
  mediaTypes,
} from './oci.wire.ts';
export {
  familiarRepository,
  formatFamiliar,
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from './reference.ts';
export { type AskOptions, checkLogin, remoteDigest } from './registry/ask-registry.ts';
export { parsePlatform } from './registry/choose-manifest.ts';
export { removeCredentials, storeCredentials } from './registry/credentials.ts';
export { type Artifact, type ArtifactFile, fetchArtifact } from './registry/fetch-artifact.ts';
export {
  type LayeredArtifact,
  type LayerFile,
  layeredManifest,
  openLayeredArtifact,
  pushLayeredArtifact,
} from './registry/layered-artifact.ts';
export { type PulledImage, type PullOptions, pullImage } from './registry/pull-image.ts';
export type { LayerProgress } from './registry/pull-progress.ts';
export { type PushedImage, pushImage } from './registry/push-image.ts';
export { removeTree } from './remove-tree.ts';
export { saveImages } from './save/save-images.ts';
export type { StagedLayer } from './store/commit.ts';
export {
  type ImageInfo,
  type ImageInspectInfo,
  inspectImage,
  type ListOptions,
  listImages,
  referenceMatcher,
} from './store/describe.ts';
export { type ImageHistoryEntry, imageHistory } from './store/history.ts';
export { unfinishedName, unfinishedPattern } from './store/layout.ts';
export { lastPulled } from './store/pull-times.ts';
export {
  type PruneImagesOptions,
  pruneImages,
  type Removal,
  type RemoveOptions,
  removeImage,
  tagImage,
} from './store/remove.ts';
export { hasImage, type ImageForRun, resolveImage } from './store/resolve.ts';
export { type ImageUsage, type StoreUsage, storeUsage } from './store/usage.ts';
export { treeSize } from './tree-size.ts';
export { untar } from './unpack/native-untar.ts';
export { discardLayer, stageLayer } from './unpack/stage-layer.ts';
