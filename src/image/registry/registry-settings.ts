import { readFileSync } from 'node:fs';
import { AppError } from '../../core/index.ts';
import { isErrno } from '../../state/index.ts';

/** How registries are reached, apart from who the user is. */
export interface RegistrySettings {
  /** Hosts, with their port, that may be spoken to without TLS or with a certificate nobody vouches for. */
  readonly insecureRegistries: readonly string[];
  /** Base URLs that are asked before Docker Hub. */
  readonly mirrors: readonly string[];
  /** Folders with a folder per host: `ca.crt`, `client.cert`, `client.key`. */
  readonly certificateFolders: readonly string[];
}

/** The environment as far as it decides how registries are reached. */
export type RegistryEnv = Readonly<Record<string, string | undefined>>;

/**
 * Reads `insecure-registries` and `registry-mirrors`, under Docker's names, from `$CORACLE_CONFIG`, else from
 * `/etc/coracle/config.json`, else from Docker's own `/etc/docker/daemon.json`.
 * @throws {AppError} `REGISTRY_CONFIG_INVALID`
 */
export function readRegistrySettings(
  env: RegistryEnv,
  insecure: readonly string[] = [],
): RegistrySettings {
  const own = env.CORACLE_CONFIG;
  const files = own ? [own] : ['/etc/coracle/config.json', '/etc/docker/daemon.json'];
  const found = files.map(readSettingsFile).find((settings) => settings !== undefined);
  return {
    insecureRegistries: [...insecure, ...(found?.insecureRegistries ?? [])],
    mirrors: found?.mirrors ?? [],
    certificateFolders: ['/etc/coracle/certs.d', '/etc/docker/certs.d'],
  };
}

type FileSettings = Pick<RegistrySettings, 'insecureRegistries' | 'mirrors'>;

function readSettingsFile(path: string): FileSettings | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw invalid(path, String(error), error);
  }
  let value: Record<string, unknown> | null;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, 'it is no JSON', cause);
  }
  return {
    insecureRegistries: textList(path, value, 'insecure-registries'),
    mirrors: textList(path, value, 'registry-mirrors').map((mirror) => checkedUrl(path, mirror)),
  };
}

function checkedUrl(path: string, text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw invalid(path, `"registry-mirrors": "${text}" is no http or https URL`);
}

function textList(path: string, value: Record<string, unknown> | null, key: string): string[] {
  const list = value?.[key] ?? [];
  if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list;
  throw invalid(path, `"${key}" is no list of texts`);
}

function invalid(path: string, why: string, cause?: unknown): AppError {
  return new AppError('REGISTRY_CONFIG_INVALID', `${path}: ${why}`, { cause });
}

/** Loopback addresses are trusted as in Docker; else what the settings name, by host or host and port. */
export function isInsecure({ insecureRegistries }: RegistrySettings, domain: string): boolean {
  const host = domain.replace(/:\d+$/, '');
  if (host === 'localhost' || /^127\./.test(host) || host === '[::1]') return true;
  return insecureRegistries.some((entry) => {
    const name = entry.replace(/^https?:\/\//, '').replace(/\/$/, '');
    return name === domain || name === host || isInSubnet(name, host);
  });
}

/** `10.0.0.0/8` in the settings stands for all its addresses. */
function isInSubnet(subnet: string, host: string): boolean {
  const match = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(subnet);
  const address = toNumber(host);
  if (match === null || address === undefined) return false;
  const size = 2 ** (32 - Number(match[2]));
  return Math.floor((toNumber(match[1] ?? '') ?? 0) / size) === Math.floor(address / size);
}

function toNumber(address: string): number | undefined {
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(address)) return undefined;
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
