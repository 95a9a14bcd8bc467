import { readFileSync } from 'node:fs';
import { AppError } from '../../core/index.ts';
import type { ContainerCreateOptions } from '../api.ts';

/**
 * A seccomp profile that is named as a file, read: the Docker Engine takes the profile itself, as it may be on a machine that does not
 * have the file. Docker's own command line does the same.
 * @throws {AppError} `RUNTIME_SECCOMP_PROFILE_INVALID`
 */
export function withProfiles(options: ContainerCreateOptions): ContainerCreateOptions {
  const all = options.HostConfig?.SecurityOpt as readonly string[] | undefined;
  if (!all?.some((option) => profilePath(option) !== undefined)) return options;
  const SecurityOpt = all.map((option) => {
    const path = profilePath(option);
    return path === undefined ? option : `seccomp=${readProfile(path)}`;
  });
  return { ...options, HostConfig: { ...options.HostConfig, SecurityOpt } };
}

function profilePath(option: string): string | undefined {
  return /^seccomp[=:](\/.*)$/s.exec(option)?.[1];
}

function readProfile(path: string): string {
  try {
    // In one line, as Docker's command line sends it.
    return JSON.stringify(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    const message = `${path}: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new AppError('RUNTIME_SECCOMP_PROFILE_INVALID', message, { cause });
  }
}
