import { AppError } from '../../core/index.ts';
import { hostPlatform } from '../import/platform.ts';
import { type Descriptor, type ImageIndex, mediaTypes, type Platform } from '../oci.wire.ts';

/** What we can read of `manifests/REFERENCE`, best first. */
export const manifestTypes = [
  mediaTypes.index,
  mediaTypes.dockerManifestList,
  mediaTypes.manifest,
  mediaTypes.dockerManifest,
];

/** True for an index or manifest list, by its type or, where a registry gives none, by its form. */
export function isIndex(mediaType: string, document: unknown): document is ImageIndex {
  if (mediaType === mediaTypes.index || mediaType === mediaTypes.dockerManifestList) return true;
  return Array.isArray((document as Partial<ImageIndex> | null)?.manifests);
}

/** Reads `linux/arm64/v8`. @throws {AppError} `IMAGE_PLATFORM_UNSUPPORTED` */
export function parsePlatform(text: string): Platform {
  const [os = '', architecture = '', variant, ...more] = text.split('/');
  if (os === '' || architecture === '' || more.length > 0) {
    throw new AppError(
      'IMAGE_PLATFORM_UNSUPPORTED',
      `platform "${text}" is not written as os/architecture[/variant]`,
    );
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/**
 * The entry of an index for a platform: the same variant if there is one, else the first of the architecture.
 * @throws {AppError} `IMAGE_PLATFORM_UNSUPPORTED` with what there is
 */
export function chooseManifest(
  index: ImageIndex,
  name: string,
  platform: Platform = hostPlatform(),
): Descriptor {
  const fitting = index.manifests.filter(
    ({ platform: own }) => own?.os === platform.os && own.architecture === platform.architecture,
  );
  const exact = fitting.find(({ platform: own }) => own?.variant === platform.variant);
  const found = exact ?? fitting[0];
  if (found !== undefined) return found;
  const there = index.manifests
    .map(({ platform: own }) => own)
    .filter((own): own is Platform => own !== undefined && own.os !== 'unknown')
    .map(({ os, architecture, variant }) => [os, architecture, variant].filter(Boolean).join('/'));
  throw new AppError(
    'IMAGE_PLATFORM_UNSUPPORTED',
    `image ${name} is not made for ${platform.os}/${platform.architecture}; there is ${[...new Set(there)].join(', ') || 'none for any machine'}`,
  );
}
