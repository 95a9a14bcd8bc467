import { isIP } from 'node:net';
import { AppError } from '../../core/index.ts';
import type { HostConfig, RestartPolicy } from '../container-record.ts';
import { runtimeProgram } from './oci-runtime.ts';

const restartPolicies = ['', 'no', 'always', 'unless-stopped', 'on-failure'];

/** Where a namespace may come from, beside `container:NAME`. */
const namespaceModes = {
  PidMode: ['', 'private', 'host'],
  IpcMode: ['', 'private', 'shareable', 'host'],
  UTSMode: ['', 'private', 'host'],
  CgroupnsMode: ['', 'private', 'host'],
} as const;

/** Less would not even hold the container's first process; Docker's limit. */
const leastMemory = 6 * 1024 * 1024;

/**
 * Refuses values of a host configuration that no container could have, in Docker's words.
 * @throws {AppError} `ENGINE_CREATE_OPTION_INVALID`, `ENGINE_RUNTIME_UNKNOWN`
 */
export function checkHostValues(host: HostConfig): void {
  checkRestart(host);
  runtimeProgram(host.Runtime);
  for (const [field, known] of Object.entries(namespaceModes)) {
    const mode = (host as Record<string, string | undefined>)[field] ?? '';
    const shares = field !== 'UTSMode' && field !== 'CgroupnsMode' && /^container:./.test(mode);
    if (!shares && !(known as readonly string[]).includes(mode)) {
      throw invalid(`HostConfig.${field} "${mode}" is not supported`);
    }
  }
  if (host.Memory && host.Memory < leastMemory) {
    throw invalid('minimum memory limit allowed is 6MB');
  }
  if (host.MemorySwap && host.MemorySwap > 0 && host.MemorySwap < (host.Memory ?? 0)) {
    throw invalid('minimum memoryswap limit should be larger than memory limit');
  }
  if (host.NanoCpus && (host.CpuPeriod || host.CpuQuota)) {
    throw invalid('conflicting options: Nano CPUs and CPU Period or Quota cannot both be set');
  }
  for (const entry of (host.ExtraHosts ?? []) as string[]) checkExtraHost(entry);
}

function checkRestart(host: HostConfig): void {
  const policy: RestartPolicy = host.RestartPolicy ?? {};
  const { Name = '', MaximumRetryCount = 0 } = policy;
  if (!restartPolicies.includes(Name)) {
    throw invalid(
      `invalid restart policy: unknown policy '${Name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  }
  if (MaximumRetryCount !== 0 && (Name !== 'on-failure' || MaximumRetryCount < 0)) {
    throw invalid(
      "invalid restart policy: maximum retry count can only be used with 'on-failure', and cannot be negative",
    );
  }
  for (const field of ['MaxAttempts', 'Delay', 'Window'] as const) {
    const value = policy[field] ?? 0;
    if (!Number.isSafeInteger(value) || value < 0) {
      throw invalid(`invalid restart policy: ${field} must be a whole number and not negative`);
    }
  }
  if (host.AutoRemove && Name !== '' && Name !== 'no') {
    throw invalid("can't create 'AutoRemove' container with restart policy");
  }
}

function checkExtraHost(entry: string): void {
  const [, name, address = ''] = /^([^:=]+)[:=](.*)$/.exec(entry) ?? [];
  if (name === undefined || address === '') {
    throw invalid(`HostConfig.ExtraHosts: "${entry}" is not NAME:ADDRESS`);
  }
  if (address !== 'host-gateway' && isIP(address.replace(/^\[(.*)\]$/, '$1')) === 0) {
    throw invalid(`HostConfig.ExtraHosts: "${entry}": "${address}" is no IP address`);
  }
}

function invalid(message: string): AppError {
  return new AppError('ENGINE_CREATE_OPTION_INVALID', message);
}
