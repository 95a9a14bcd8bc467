import { createHash } from 'node:crypto';
import type { EnvFile, Service } from '../model/index.ts';
import { withoutExtensions } from './project-json.ts';

/**
 * The hash that Docker Compose prints with `config --hash` for the same service: a digest of its JSON as Go
 * writes it, without what does not make a container another one.
 */
export function serviceHash(service: Service): string {
  const {
    build: _build,
    pull_policy: _pullPolicy,
    scale: _scale,
    depends_on: _dependsOn,
    profiles: _profiles,
    ...kept
  } = service;
  const { replicas: _replicas, ...deploy } = kept.deploy ?? {};
  const hashed = {
    ...kept,
    ...(kept.deploy === undefined ? {} : { deploy }),
    ...(kept.env_file === undefined ? {} : { env_file: kept.env_file.map(shortEnvFile) }),
  };
  const json = JSON.stringify(withoutExtensions(hashed, ['services', 'name']));
  return createHash('sha256').update(escapeAsGo(json)).digest('hex');
}

/** Compose's Go type writes an env file without options as its path alone. */
function shortEnvFile({ path, required = true, format }: EnvFile): unknown {
  return required && format === undefined
    ? path
    : { path, required, ...(format ? { format } : {}) };
}

/** Go's encoder escapes what could end a script element, and the two line separators. */
function escapeAsGo(json: string): string {
  return json.replaceAll(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
