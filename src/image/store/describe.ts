import type Dockerode from 'dockerode';
import { AppError } from '../../core/index.ts';
import type { StateRoots } from '../../state/index.ts';
import { allImages, type FoundImage, findImage, repoDigests, repoTags } from './resolve.ts';

export type ImageInfo = Dockerode.ImageInfo;
export type ImageInspectInfo = Dockerode.ImageInspectInfo;

export interface ListOptions {
  /** `label` (`key`, `key=value`), `reference` (a name, `*` for any text), `dangling`; of one key any, of several all. */
  readonly filters?: Readonly<Record<string, readonly string[]>>;
}

/** Every image, newest first, in the shape of `GET /images/json`. */
export function listImages(roots: StateRoots, options: ListOptions = {}): ImageInfo[] {
  return allImages(roots)
    .filter((image) => fits(image, options.filters ?? {}))
    .map(toInfo)
    .sort((a, b) => b.Created - a.Created);
}

/**
 * One image in the shape of `GET /images/{name}/json`.
 * @throws {AppError} `IMAGE_NOT_FOUND`, …
 */
export function inspectImage(roots: StateRoots, nameOrId: string): ImageInspectInfo {
  const image = findImage(roots, nameOrId);
  const { config } = image;
  const size = sizeOf(image);
  const info = {
    Id: image.id,
    RepoTags: repoTags(image),
    RepoDigests: repoDigests(image),
    Parent: '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Created: config.created ?? '0001-01-01T00:00:00Z',
    DockerVersion: '',
    Author: config.author ?? '',
    Config: config.config ?? {},
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    Size: size,
    GraphDriver: { Name: 'overlay2', Data: null },
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
    Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
  };
  // dockerode's type is that of old engines: it has fields that Docker 28 does not send, and as required.
  return info as unknown as ImageInspectInfo;
}

function toInfo(image: FoundImage): ImageInfo {
  const size = sizeOf(image);
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: repoTags(image),
    RepoDigests: repoDigests(image),
    Created: createdSeconds(image),
    Size: size,
    VirtualSize: size,
    // -1: not counted, as Docker answers unless it is asked for.
    SharedSize: -1,
    Labels: { ...image.config.config?.Labels },
    Containers: -1,
  };
}

function createdSeconds(image: FoundImage): number {
  const ms = Date.parse(image.config.created ?? '');
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}

function sizeOf(image: FoundImage): number {
  return image.entries[0]?.size ?? 0;
}

function fits(image: FoundImage, filters: Readonly<Record<string, readonly string[]>>): boolean {
  const labels = image.config.config?.Labels ?? {};
  const tags = repoTags(image);
  return Object.entries(filters).every(([key, wanted]) => {
    if (key === 'label') {
      return wanted.every((text) => {
        const [name = '', ...value] = text.split('=');
        return value.length === 0 ? Object.hasOwn(labels, name) : labels[name] === value.join('=');
      });
    }
    if (key === 'dangling') return wanted.every((text) => (tags.length === 0) === isTrue(text));
    if (key === 'reference') return wanted.some((pattern) => tags.some(referenceMatcher(pattern)));
    throw new AppError('IMAGE_FILTER_UNKNOWN', `image filter "${key}" is not supported`);
  });
}

function isTrue(text: string): boolean {
  return text === 'true' || text === '1';
}

/** `mysql`, `mysql:8*`, `ghcr.io/acme/*`: a pattern without a tag fits every tag. */
export function referenceMatcher(pattern: string): (tag: string) => boolean {
  const expression = new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '[^/]*')
      .replace(/\?/g, '[^/]')}$`,
  );
  return (tag) => expression.test(tag) || expression.test(tag.slice(0, tag.lastIndexOf(':')));
}
