import { join } from 'node:path';
import type { SourceRange } from '../../core/index.ts';
import { isAppError } from '../../core/index.ts';
import { buildPaths } from '../cache/build-paths.ts';
import { digestKey } from '../cache/digest-key.ts';
import { readMemo, writeMemo } from '../cache/memo.ts';
import type { StepRecord } from '../cache/step-cache.ts';
import { hasWildcard } from '../context/path-patterns.ts';
import { dockerfileError } from '../dockerfile/dockerfile-error.ts';
import type { BuildRun } from '../graph/build-run.ts';
import { type FileState, layerFolders } from '../graph/file-state.ts';
import { applyTree, type NativeRoot, type TreeEntry, type TreeOperation } from '../native/tree.ts';
import type { VertexReporter } from '../progress.ts';
import { cachedStep } from './cached-step.ts';
import { copyOperations, splitPivot, withoutExcluded } from './copy-operations.ts';
import { type FileSource, layerGone } from './file-source.ts';

/** One group of files to copy. */
export interface CopyPart {
  readonly source: FileSource;
  /** Paths or patterns in the source, each with its place in the Dockerfile. */
  readonly paths: readonly { readonly path: string; readonly range: SourceRange }[];
  /** The content of an archive, to which --chmod does not apply. */
  readonly isUnpacked?: boolean;
}

/** COPY or ADD, everything expanded. */
export interface CopyRequest {
  readonly parts: readonly CopyPart[];
  /** Files whose content stands in the Dockerfile. */
  readonly inline: readonly { readonly name: string; readonly content: string }[];
  /** Absolute; with a slash at the end where a folder is meant. */
  readonly target: string;
  readonly chown: string | undefined;
  readonly chmod: ((mode: number, isDirectory: boolean) => number) | undefined;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  /** The layer does not depend on what lies below it. */
  readonly link: boolean;
  readonly text: string;
  readonly range: SourceRange;
  readonly noCache: boolean;
}

/** Owners of files that have none of their own. */
const root = '0:0';

/**
 * Copies files into a state.
 * @returns the new layer.
 * @throws {AppError} `BUILD_SOURCE_MISSING`, `BUILD_COPY_FAILED`
 */
export async function copyStep(
  run: BuildRun,
  state: FileState,
  request: CopyRequest,
  reporter: VertexReporter,
): Promise<{ readonly key: string; readonly record: StepRecord }> {
  const isLink = request.link && /^(\d+(:\d+)?)?$/.test(request.chown ?? '');
  const contents = await Promise.all(
    request.parts.map((part) => contentOf(run, part, request.exclude)),
  ).catch((error: unknown) => {
    throw placed(error, request.range);
  });
  const key = digestKey(
    'copy',
    isLink ? '' : state.id,
    request.target,
    request.chown ?? '',
    request.parents,
    request.inline,
    contents.map(({ digest }) => digest),
    request.parts.map(({ paths, source }) => [paths.map(({ path }) => path), source.keepsOwners]),
    // Functions have no digest: what --chmod does to every mode is in the instruction's text.
    request.chmod === undefined ? '' : chmodSample(request.chmod),
  );
  const record = await cachedStep(run, {
    key,
    text: request.text,
    noCache: request.noCache,
    reporter,
    produce: async (work) => {
      const owners = request.chown === undefined ? [root] : [ownerText(request.chown)];
      const lists = await Promise.all(
        request.parts.map(async (part, index) => contents[index]?.entries ?? entriesOf(run, part)),
      );
      const ops = [
        ...inlineOperations(request),
        ...lists.flatMap((entries, index) => partOperations(entries, request, index)),
      ];
      const target = targetRoot(run, state, work, isLink);
      try {
        await applyTree(
          run.builder.native,
          {
            target,
            roots: request.parts.map(({ source }) => source.root()),
            owners,
            ops,
            ...(run.epoch === undefined ? {} : { time: run.epoch }),
          },
          run.signal,
        );
      } catch (error) {
        throw placed(error, request.range);
      }
    },
  });
  return { key, record };
}

function targetRoot(
  run: BuildRun,
  state: FileState,
  work: { readonly upper: string; readonly work: string },
  isLink: boolean,
): NativeRoot {
  // On nothing, an overlay has nothing to lie over.
  if (isLink || state.layers.length === 0) return { folder: work.upper };
  const lower = layerFolders(state, run.cache);
  if (lower === undefined) throw layerGone();
  return { lower, upper: work.upper, work: work.work };
}

/** What a part holds, as a digest; for content that cannot change it is found out once. */
async function contentOf(
  run: BuildRun,
  part: CopyPart,
  exclude: readonly string[],
): Promise<{ readonly digest: string; readonly entries: readonly TreeEntry[] | undefined }> {
  const { source, paths } = part;
  const known =
    source.contentId === undefined
      ? undefined
      : join(
          buildPaths(run.builder.roots).memos,
          digestKey(
            'content',
            source.contentId,
            paths.map(({ path }) => path),
            exclude,
          ),
        );
  const memo = known === undefined ? undefined : readMemo(known);
  if (memo !== undefined) return { digest: memo, entries: undefined };
  const entries = withoutExcluded(await entriesOf(run, part), exclude);
  const digest = digestKey(
    'entries',
    entries.map((entry) => [
      entry.request,
      entry.top,
      entry.path,
      entry.type,
      entry.mode,
      entry.uid,
      entry.gid,
      entry.hash,
      entry.target,
    ]),
  );
  if (known !== undefined) writeMemo(known, digest);
  return { digest, entries };
}

async function entriesOf(
  run: BuildRun,
  { source, paths }: CopyPart,
): Promise<readonly TreeEntry[]> {
  const entries = await source.list(
    paths.map(({ path }) => splitPivot(path).path),
    run.signal,
  );
  for (const [index, { path, range }] of paths.entries()) {
    // A pattern may fit nothing.
    if (hasWildcard(path) || entries.some(({ request }) => request === index)) continue;
    throw dockerfileError(range, `"/${path.replace(/^\/+/, '')}": not found`, {
      code: 'BUILD_SOURCE_MISSING',
    });
  }
  return entries;
}

function partOperations(
  entries: readonly TreeEntry[],
  request: CopyRequest,
  index: number,
): TreeOperation[] {
  const part = request.parts[index] as CopyPart;
  const several = request.parts.length + request.inline.length > 1 || part.paths.length > 1;
  const { keepsOwners } = part.source;
  return copyOperations(withoutExcluded(entries, request.exclude), {
    target: several && !request.target.endsWith('/') ? `${request.target}/` : request.target,
    parents: request.parents,
    skip: part.paths.map(({ path }) => splitPivot(path).skip),
    exclude: request.exclude,
    chmod: part.isUnpacked ? undefined : request.chmod,
    owner: request.chown === undefined && keepsOwners ? undefined : 0,
    root: index,
    xattrs: keepsOwners,
  });
}

function inlineOperations({ inline, target, chmod }: CopyRequest): TreeOperation[] {
  const folder = inline.length > 1 && !target.endsWith('/') ? `${target}/` : target;
  return inline.map(({ name, content }) => ({
    op: 'data',
    to: folder.endsWith('/') ? `${folder}${name}` : folder,
    content,
    owner: 0,
    mode: chmod?.(0o644, false) ?? 0o644,
  }));
}

/** A number alone is user and group, as Docker takes it; a name's group is the one of its login. */
export function ownerText(chown: string): string {
  return /^\d+$/.test(chown) ? `${chown}:${chown}` : chown;
}

function chmodSample(chmod: (mode: number, isDirectory: boolean) => number): number[] {
  return [0, 0o111, 0o644, 0o777, 0o7777].flatMap((mode) => [
    chmod(mode, false),
    chmod(mode, true),
  ]);
}

/** A failure of the native side at the instruction that it belongs to. */
export function placed(error: unknown, range: SourceRange): unknown {
  if (!isAppError(error) || error.details.range !== undefined) return error;
  return dockerfileError(range, error.message, {
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
    details: error.details,
  });
}
