/** `-p` and `-v` of `run`, both bins. */
import { resolve } from 'node:path';
import type { ServiceMount, ServicePort } from '../compose/model/index.ts';
import { AppError } from '../core/index.ts';

/**
 * `[[address:]host:]container[/protocol]`.
 * @throws {AppError} `CLI_USAGE`
 */
export function parsePort(text: string): ServicePort {
  const match = /^(?:(?:(\[[^\]]+\]|[\d.]+):)?(\d+(?:-\d+)?)?:)?(\d+)(?:\/(tcp|udp|sctp))?$/.exec(
    text,
  );
  if (match === null) throw new AppError('CLI_USAGE', `--publish: "${text}" is no port mapping`);
  const [, address, published, target, protocol] = match;
  return {
    target: Number(target),
    protocol: protocol ?? 'tcp',
    mode: 'ingress',
    ...(published === undefined ? {} : { published }),
    ...(address === undefined ? {} : { host_ip: address.replace(/[[\]]/g, '') }),
  };
}

/** `source:target[:ro]`: a path is a bind mount, a bare name a volume of the engine. */
export function parseMount(text: string, cwd: string): ServiceMount {
  const [source = '', target, mode] = text.split(':');
  if (target === undefined) return { type: 'volume', target: source };
  const readOnly = mode?.split(',').includes('ro') ? { read_only: true } : {};
  return /^[./~]/.test(source)
    ? {
        type: 'bind',
        source: resolve(cwd, source),
        target,
        bind: { create_host_path: true },
        ...readOnly,
      }
    : { type: 'volume', source, target, ...readOnly };
}
