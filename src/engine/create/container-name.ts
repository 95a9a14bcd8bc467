import { posix } from 'node:path';
import { AppError } from '../../core/index.ts';

/** Docker's rule for names; a leading slash is its old spelling of the same name. */
const validName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** @throws {AppError} `ENGINE_CREATE_OPTION_INVALID` */
export function checkContainerName(name: string): string {
  const bare = name.startsWith('/') ? name.slice(1) : name;
  if (!validName.test(bare) || bare.length > 200) {
    throw new AppError(
      'ENGINE_CREATE_OPTION_INVALID',
      `invalid container name (${bare}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed, at most 200 characters`,
    );
  }
  return bare;
}

/** A name for a container that was given none: what it runs and where its id begins, `busybox-1f2e3d4c`. */
export function defaultContainerName(imageReference: string, id: string): string {
  const repository = imageReference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const base = posix.basename(repository).replace(/[^a-zA-Z0-9_.-]/g, '');
  return `${/^[a-zA-Z0-9]/.test(base) ? base : 'container'}-${id.slice(0, 8)}`;
}
