/** Compose files that a registry keeps (`docker compose publish` puts them there) as folders of the cache. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { RemoteCheckout, RemoteFiles } from '../../compose/load/index.ts';
import { unreachable } from '../../compose/load/index.ts';
import { type AppError, isAppError } from '../../core/index.ts';
import type { Artifact, ArtifactFile } from '../../image/index.ts';
import type { CommandContext } from '../context.ts';
import { registryOptions } from '../images/registry-options.ts';

const prefix = 'oci://';
const kind = {
  artifactType: 'application/vnd.docker.compose.project',
  configType: 'application/vnd.docker.compose.config.empty.v1+json',
};
const composeFileType = 'application/vnd.docker.compose.file+yaml';
const envFileType = 'application/vnd.docker.compose.envfile';
const mainFile = 'compose.yaml';

/** Brings what `oci://` addresses name into `cacheFolder`, a folder a digest. */
export function registryFiles(
  cacheFolder: string,
  context: CommandContext,
): Required<Pick<RemoteFiles, 'fetch' | 'bring'>> {
  const brought = new Map<string, RemoteCheckout | AppError>();
  return {
    fetch(address) {
      const found = brought.get(address);
      if (isAppError(found)) throw found;
      return found;
    },
    async bring(addresses) {
      for (const address of addresses) {
        brought.set(address, await bringOne(address, cacheFolder, context));
      }
    },
  };
}

async function bringOne(
  address: string,
  cacheFolder: string,
  context: CommandContext,
): Promise<RemoteCheckout | AppError> {
  const { fetchArtifact, formatReference, parseReference } = await import('../../image/index.ts');
  const folderOf = (digest: string) => join(cacheFolder, digest.replace(':', '-'));
  try {
    const name = address.slice(prefix.length);
    const { tag: _tag, ...reference } = parseReference(name);
    const isPinned = reference.digest !== undefined;
    let digest = reference.digest ?? '';
    if (!isPinned || !existsSync(folderOf(digest))) {
      const artifact = await fetchArtifact(name, {
        ...registryOptions(context),
        ...kind,
        isKnown: (found) => existsSync(folderOf(found)),
      });
      digest = artifact.digest;
      if (!existsSync(folderOf(digest))) {
        writeFiles(folderOf(digest), cacheFolder, filesOf(artifact, address));
      }
    }
    const folder = realpathSync(folderOf(digest));
    const pinnedAddress = `${prefix}${formatReference({ ...reference, digest })}`;
    return {
      folder,
      path: join(folder, mainFile),
      revision: digest,
      ...(isPinned ? {} : { pinnedAddress }),
    };
  } catch (error) {
    if (isAppError(error, 'COMPOSE_REMOTE_UNREACHABLE')) return error;
    if (isAppError(error)) return unreachable(address, error.message, error.hint);
    throw error;
  }
}

/** Names and texts of the files: the project's own become one file of several documents, in their order. */
function filesOf({ files }: Artifact, address: string): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  const own: string[] = [];
  for (const file of files) {
    const name = nameOf(file);
    if (name === undefined) continue;
    if (name === mainFile) {
      own.push(file.content);
    } else if (!/^[\w.][\w.-]{0,200}$/.test(name) || /^\.+$/.test(name)) {
      throw unreachable(address, `it has a file named ${JSON.stringify(name)}`);
    } else if (named.has(name) && named.get(name) !== file.content) {
      throw unreachable(address, `it has two files named ${JSON.stringify(name)}`);
    } else {
      named.set(name, file.content);
    }
  }
  if (own.length === 0) throw unreachable(address, 'it has no compose file');
  return named.set(mainFile, own.join('\n---\n'));
}

/** The name to keep a file under; undefined for a kind that loading needs nothing of. */
function nameOf({ mediaType, annotations }: ArtifactFile): string | undefined {
  if (mediaType === envFileType) return String(annotations['com.docker.compose.envfile'] ?? '');
  if (mediaType !== composeFileType) return undefined;
  const isExtended = annotations['com.docker.compose.extends'] !== undefined;
  return isExtended ? String(annotations['com.docker.compose.file'] ?? '') : mainFile;
}

/** Made under another name until they are complete. */
function writeFiles(folder: string, parent: string, files: ReadonlyMap<string, string>): void {
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const unfinished = mkdtempSync(join(parent, '.unfinished-'));
  try {
    for (const [name, content] of files) {
      writeFileSync(join(unfinished, name), content, { flag: 'wx', mode: 0o600 });
    }
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // another process may have made the same one meanwhile
    if (!existsSync(folder)) throw error;
  }
}
