import type { RuntimeContainer } from '../../src/runtime/index.ts';

/** A container that asks for nothing special; `changes` win. */
export function plainContainer(changes: Partial<RuntimeContainer> = {}): RuntimeContainer {
  return {
    id: 'ab'.repeat(32),
    name: 'shop-web-1',
    layers: [],
    args: ['/bin/sh'],
    env: [],
    cwd: '/',
    user: '',
    hostname: 'abababababab',
    mounts: [],
    etcFiles: { hosts: true, hostname: true, resolvConf: true },
    network: {
      table: 'coracle',
      mode: 'none',
      endpoints: [],
      ports: [],
      resolver: null,
      project: null,
    },
    log: { driver: 'cri', maxSizeBytes: 10_000_000, maxFiles: 3 },
    restart: { policy: 'no', maxRetries: 0 },
    healthcheck: null,
    stop: { signal: 'SIGTERM', timeoutMs: 10_000 },
    labels: {},
    ...changes,
  };
}
