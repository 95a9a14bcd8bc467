import { mkdirSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { AppError, isAppError } from '../../core/index.ts';
import { unfinishedName, untar } from '../../image/index.ts';
import { spawnChild } from '../../runtime/index.ts';
import { buildPaths } from '../cache/build-paths.ts';
import { fetchUrl, fileDigest } from '../context/fetch-url.ts';
import type { FolderContext } from '../context/folder-context.ts';
import { checkoutGit, type GitAddress, parseGitAddress } from '../context/git-repository.ts';
import { archiveKindOf, contextFiles } from '../context/open-context.ts';
import type { Token } from '../dockerfile/ast.ts';
import { dockerfileError } from '../dockerfile/dockerfile-error.ts';
import type { Copy } from '../dockerfile/instructions.ts';
import type { BuildRun } from '../graph/build-run.ts';
import type { TreeEntry } from '../native/tree.ts';
import type { CopyPart } from './copy-step.ts';
import { placed } from './copy-step.ts';
import { contextSource, type FileSource } from './file-source.ts';

/** Folders with unpacked archives, to be removed after the instruction. */
export type Temporary = string[];

/**
 * The sources of an ADD: what is fetched is a file; a repository, and a local archive, is its content; all else is the context's.
 * @param sources  expanded.
 * @throws {AppError} `BUILD_FETCH_FAILED`, `BUILD_SOURCE_MISSING`, `IMAGE_ARCHIVE_…`
 */
export async function addParts(
  run: BuildRun,
  instruction: Copy,
  sources: readonly { readonly path: string; readonly token: Token }[],
  temporary: Temporary,
): Promise<CopyPart[]> {
  const parts: CopyPart[] = [];
  for (const { path, token } of sources) {
    parts.push(...(await partsOf(run, instruction, path, token, temporary)));
  }
  return parts;
}

async function partsOf(
  run: BuildRun,
  instruction: Copy,
  path: string,
  token: Token,
  temporary: Temporary,
): Promise<CopyPart[]> {
  const { range } = token;
  const git = parseGitAddress(path);
  const { checksum } = instruction;
  try {
    if (git !== undefined) return [await gitPart(run, instruction, git, token)];
    if (/^https?:\/\//.test(path))
      return [await fetchedPart(run, instruction, path, token, temporary)];
  } catch (error) {
    throw placed(error, range);
  }
  if (checksum !== undefined) {
    throw dockerfileError(checksum.range, 'checksum requires HTTP(S) or Git sources', {
      hint: `Leave it out: what ${path} holds is part of the cache key anyway.`,
    });
  }
  const context = await run.context();
  const source = contextSource(context, run.hashes);
  if (instruction.unpack === false) return [{ source, paths: [{ path, range }] }];
  return localParts(run, context, source, { path, token }, temporary);
}

async function gitPart(
  run: BuildRun,
  { keepGitDir, checksum }: Copy,
  address: GitAddress,
  { range }: Token,
): Promise<CopyPart> {
  const { roots, env } = run.builder;
  const checkout = await checkoutGit(roots, address, { env, signal: run.signal, keepGitDir });
  if (checksum !== undefined && !isCommit(checksum.text, checkout.commit)) {
    throw dockerfileError(
      checksum.range,
      `expected checksum to match ${checksum.text}, got ${checkout.commit}`,
      { code: 'BUILD_FETCH_FAILED', hint: 'The repository has moved on; check the reference.' },
    );
  }
  return {
    source: folderSource(run, checkout.path),
    paths: [{ path: address.folder || '.', range }],
  };
}

/** A commit may be named by its first digits. */
function isCommit(text: string, commit: string): boolean {
  return /^[0-9a-f]{7,40}$/.test(text) && commit.startsWith(text);
}

/** Of the files that a pattern fits, archives are unpacked and all else is copied. */
async function localParts(
  run: BuildRun,
  context: FolderContext,
  source: FileSource,
  { path, token }: { readonly path: string; readonly token: Token },
  temporary: Temporary,
): Promise<CopyPart[]> {
  const { range } = token;
  const tops = context.list([path]).filter((entry) => entry.path === '');
  const archives = tops.filter((entry) => isLocalArchive(context, entry));
  if (archives.length === 0) return [{ source, paths: [{ path, range }] }];
  const parts: CopyPart[] = [];
  for (const { top } of tops) {
    if (!archives.some((archive) => archive.top === top)) {
      parts.push({ source, paths: [{ path: top, range }] });
      continue;
    }
    const file = join(context.root, context.resolve(top) ?? '');
    const folder = await unpackedOrNot(run, file, token, temporary);
    parts.push(
      folder === undefined
        ? { source, paths: [{ path: top, range }] }
        : { source: keptSource(run, folder), paths: [{ path: '.', range }], isUnpacked: true },
    );
  }
  return parts;
}

function isLocalArchive(context: FolderContext, { type, top }: TreeEntry): boolean {
  if (type !== 'file') return false;
  return archiveKindOf(join(context.root, context.resolve(top) ?? '')) !== undefined;
}

/** Undefined for what is compressed and no archive: it is copied as it is. */
async function unpackedOrNot(
  run: BuildRun,
  file: string,
  { range }: Token,
  temporary: Temporary,
): Promise<string | undefined> {
  try {
    return await unpacked(run, file, temporary);
  } catch (error) {
    const folder = temporary.at(-1);
    const isNone =
      isAppError(error, 'IMAGE_ARCHIVE_INVALID') &&
      archiveKindOf(file) !== 'tar' &&
      folder !== undefined &&
      readdirSync(folder).length === 0;
    if (isNone) return undefined;
    throw placed(error, range);
  }
}

async function fetchedPart(
  run: BuildRun,
  { checksum, unpack, target }: Copy,
  url: string,
  { range }: Token,
  temporary: Temporary,
): Promise<CopyPart> {
  const file = await fetchUrl(run.builder.roots, url, run.signal);
  if (checksum !== undefined) await checkSum(file, url, checksum);
  if (unpack === true && archiveKindOf(file.path) !== undefined) {
    const folder = await unpacked(run, file.path, temporary);
    return { source: keptSource(run, folder), paths: [{ path: '.', range }], isUnpacked: true };
  }
  if (file.name === '' && target.text.endsWith('/')) {
    throw dockerfileError(range, `the address ${url} names no file`, {
      hint: 'Name the file in the destination.',
    });
  }
  const entry: TreeEntry = {
    request: 0,
    top: file.name || 'download',
    path: '',
    type: 'file',
    // As Docker has it for files from the network.
    mode: 0o600,
    uid: 0,
    gid: 0,
    size: 0,
    hash: file.hash,
  };
  return {
    source: renamedSource(file.path, entry),
    paths: [{ path: entry.top.replace(/[*?[\\]/g, '\\$&'), range }],
  };
}

async function checkSum(
  file: { readonly path: string; readonly hash: string },
  url: string,
  checksum: Token,
): Promise<void> {
  const [, algorithm = '', wanted = ''] =
    /^(sha256|sha384|sha512):([0-9a-f]+)$/.exec(checksum.text) ?? [];
  if (algorithm === '') {
    throw dockerfileError(checksum.range, `"${checksum.text}" is no checksum`, {
      hint: 'Write --checksum=sha256:DIGEST.',
    });
  }
  const found = algorithm === 'sha256' ? file.hash : await fileDigest(file.path, algorithm);
  if (found === wanted) return;
  throw dockerfileError(checksum.range, `digest mismatch for ${url}: ${algorithm}:${found}`, {
    code: 'BUILD_FETCH_FAILED',
    hint: 'The file is not the expected one; check the address and the checksum.',
  });
}

/** Unpacks an archive into a folder of its own, which is then copied from. */
async function unpacked(run: BuildRun, file: string, temporary: Temporary): Promise<string> {
  const folder = join(buildPaths(run.builder.roots).work, unfinishedName());
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  temporary.push(folder);
  const kind = archiveKindOf(file);
  const { native } = run.builder;
  if (kind !== 'bzip2' && kind !== 'xz') {
    await untar(file, { native, folder, signal: run.signal });
    return folder;
  }
  const child = spawnChild(kind, ['-dc', file], {
    stdio: ['ignore', 'pipe', 'ignore'],
    signal: run.signal,
  });
  const missing = new Promise<never>((_, reject) => {
    child.on('error', (cause) =>
      reject(
        new AppError(
          'BUILD_UNSUPPORTED',
          `${file}: ${kind} is needed to unpack it: ${cause.message}`,
          {
            cause,
            hint: `Install ${kind === 'xz' ? 'xz-utils' : 'bzip2'}.`,
          },
        ),
      ),
    );
  });
  await Promise.race([untar(child.stdout, { native, folder, signal: run.signal }), missing]);
  return folder;
}

function folderSource(run: BuildRun, folder: string): FileSource {
  return contextSource(contextFiles(folder, undefined), run.hashes);
}

/** An unpacked archive: owners and attributes are the archive's. */
function keptSource(run: BuildRun, folder: string): FileSource {
  const root = () => ({ folder });
  return {
    contentId: undefined,
    keepsOwners: true,
    root,
    list: async (paths, signal) => {
      const { listTree } = await import('../native/tree.ts');
      return listTree(run.builder.native, root(), paths, { hash: true, signal });
    },
  };
}

/** One file under another name than the one that it is kept under. */
function renamedSource(path: string, entry: TreeEntry): FileSource {
  return {
    contentId: undefined,
    keepsOwners: false,
    root: () => ({ folder: posix.dirname(path) }),
    list: async () => [{ ...entry, from: `/${posix.basename(path)}` }],
  };
}
