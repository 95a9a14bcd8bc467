/**
 * Images: names, the store on disk, unpacked layers, and the ways in which images come in.
 *
 * The store is an OCI image layout (`<data>/images`) that skopeo and umoci read too; each layer lies
 * unpacked once, under its diff id, in `<data>/layers`, and is never written again. An image becomes part of the store in one
 * step under the store's lock (store/commit.ts): layers are unpacked and blobs are written beside it before, as
 * unfinished entries that name their process, so that a kill leaves nothing that counts.
 *
 * reference.ts: names · store/: index, blobs, look-up, removal · unpack/: native untar · import/, load/,
 * bootstrap/: one folder a way in. What a container does with an image is not known here.
 */
export {
  type BootstrapOptions,
  type BootstrappedImage,
  bootstrapImage,
} from './bootstrap/bootstrap-image.ts';
export type { CopiedFile } from './bootstrap/tar-files.ts';
export { type Digest, digestOf, isDigest } from './digest.ts';
export { type ImportedImage, type ImportOptions, importImage } from './import/import-image.ts';
export { hostPlatform } from './import/platform.ts';
export { type LoadedImage, type LoadOptions, loadImages } from './load/load-images.ts';
export type { ExecutionConfig, HealthcheckConfig, ImageConfig } from './oci.wire.ts';
export {
  familiarRepository,
  formatFamiliar,
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from './reference.ts';
export {
  type ImageInfo,
  type ImageInspectInfo,
  inspectImage,
  type ListOptions,
  listImages,
  referenceMatcher,
} from './store/describe.ts';
export {
  pruneStore,
  type Removal,
  type RemoveOptions,
  removeImage,
  tagImage,
} from './store/remove.ts';
export { type ImageForRun, resolveImage } from './store/resolve.ts';
