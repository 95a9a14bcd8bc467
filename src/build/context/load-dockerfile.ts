import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { AppError, IgnorePatterns } from '../../core/index.ts';
import { isErrno } from '../../state/index.ts';
import type { BuildOptions } from '../build-options.ts';
import { FolderContext } from './folder-context.ts';
import type { OpenedContext } from './open-context.ts';

/** A Dockerfile's text, and the ignore file that belongs to it. */
export interface LoadedDockerfile {
  readonly text: string;
  /** As errors name it. */
  readonly file: string;
  readonly ignoreFile: string | undefined;
}

/**
 * Reads the Dockerfile, and `<Dockerfile>.dockerignore` or, without one, the context's `.dockerignore`.
 * @throws {AppError} `BUILD_DOCKERFILE_MISSING`
 */
export function loadDockerfile(
  context: OpenedContext,
  dockerfile: BuildOptions['dockerfile'],
): LoadedDockerfile {
  const read = reader(context);
  if (context.dockerfile !== undefined && dockerfile?.kind !== 'inline') {
    return { text: context.dockerfile, file: 'Dockerfile', ignoreFile: undefined };
  }
  if (dockerfile?.kind === 'inline') {
    return { text: dockerfile.text, file: dockerfile.name, ignoreFile: read('.dockerignore') };
  }
  const given = dockerfile?.path ?? 'Dockerfile';
  // Docker takes the lower-case name where there is no other.
  const names = dockerfile === undefined ? [given, 'dockerfile'] : [given];
  for (const name of names) {
    const text = read(name);
    if (text === undefined) continue;
    return {
      text,
      file: isAbsolute(name) ? name : join(context.folder, name),
      ignoreFile: read(`${name}.dockerignore`) ?? read('.dockerignore'),
    };
  }
  throw new AppError(
    'BUILD_DOCKERFILE_MISSING',
    `failed to read dockerfile: ${isAbsolute(given) ? given : join(context.folder, given)}: no such file`,
  );
}

/** Reads a file of the context; in a context of somebody else's, links lead nowhere outside of it. */
function reader({ folder, isLocal }: OpenedContext): (name: string) => string | undefined {
  const inside = new FolderContext(folder, new IgnorePatterns([]));
  return (name) => {
    const path = isLocal ? name : inside.resolve(name);
    if (path === undefined) return undefined;
    try {
      return readFileSync(isAbsolute(path) && isLocal ? path : join(folder, path), 'utf8');
    } catch (error) {
      if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR') || isErrno(error, 'EISDIR'))
        return undefined;
      throw error;
    }
  };
}
