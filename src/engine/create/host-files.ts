import { readFileSync } from 'node:fs';
import { hostResolvConf } from '../../network/index.ts';
import { isErrno } from '../../state/index.ts';
import type { EngineContext, HostFiles } from '../engine-context.ts';

/** The host's own files, read once per engine. */
export function hostFiles(context: EngineContext): HostFiles {
  context.hostFiles ??= {
    resolvConf: hostResolvConf(readText),
    hosts: readText('/etc/hosts') ?? '',
    hostname: (readText('/proc/sys/kernel/hostname') ?? '').trim(),
    hasIpv6: (readText('/proc/net/if_inet6') ?? '') !== '',
  };
  return context.hostFiles;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
