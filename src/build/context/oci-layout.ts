import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/index.ts';
import { type Descriptor, loadImages, removeTree, unfinishedName } from '../../image/index.ts';
import { isErrno } from '../../state/index.ts';
import type { BuilderOptions, ContextSource } from '../build-options.ts';
import { buildPaths } from '../cache/build-paths.ts';

type LayoutSource = Extract<ContextSource, { kind: 'oci-layout' }>;

/**
 * Brings an image of an OCI image layout into the store, without a name.
 * @returns its id.
 * @throws {AppError} `BUILD_CONTEXT_INVALID`, `IMAGE_…`
 */
export async function loadLayoutImage(
  source: LayoutSource,
  { roots, native }: BuilderOptions,
  signal: AbortSignal,
): Promise<string> {
  const { annotations: _named, ...descriptor } = chosen(source);
  const folder = join(buildPaths(roots).work, unfinishedName());
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    const index = { schemaVersion: 2, manifests: [descriptor] };
    writeFileSync(join(folder, 'index.json'), JSON.stringify(index));
    // Loading takes files over, and these are somebody's: it is given an archive of them, and an index of the one image.
    const argv = ['-cf', '-', '-C', folder, 'index.json', '-C', source.path, 'oci-layout', 'blobs'];
    const tar = spawn('tar', argv, { stdio: ['ignore', 'pipe', 'ignore'], signal });
    const [[image]] = await Promise.all([
      loadImages(tar.stdout, { roots, native, signal }),
      ended(tar),
    ]);
    if (image !== undefined) return image.id;
  } finally {
    removeTree(folder);
  }
  throw invalid(source, 'it holds no image');
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
}

/** The image with the digest or the tag; without either, `latest` or the only one. */
function chosen(source: LayoutSource): Descriptor {
  const manifests = manifestsOf(source);
  const { digest, tag } = source;
  const tagOf = ({ annotations }: Descriptor) =>
    annotations?.['org.opencontainers.image.ref.name']?.split(':').at(-1);
  const found =
    digest !== undefined
      ? manifests.find((one) => one.digest === digest)
      : manifests.find((one) => tagOf(one) === (tag ?? 'latest'));
  if (found !== undefined) return found;
  const [only, ...more] = manifests;
  if (only !== undefined && more.length === 0 && tag === undefined && digest === undefined) {
    return only;
  }
  const tags = manifests.flatMap((one) => tagOf(one) ?? one.digest);
  throw invalid(source, `it has no image ${digest ?? tag ?? 'latest'}, but ${tags.join(', ')}`);
}

function manifestsOf(source: LayoutSource): readonly Descriptor[] {
  try {
    const text = readFileSync(join(source.path, 'index.json'), 'utf8');
    const { manifests } = JSON.parse(text) as { manifests?: readonly Descriptor[] };
    if (Array.isArray(manifests)) return manifests;
  } catch (error) {
    const isNone = isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR');
    if (!isNone && !(error instanceof SyntaxError)) throw error;
  }
  throw invalid(source, 'it is no OCI image layout');
}

function invalid({ path }: LayoutSource, why: string): AppError {
  return new AppError('BUILD_CONTEXT_INVALID', `oci-layout ${path}: ${why}`);
}
