import { join } from 'node:path';
import { createEngine, type Engine, type EngineOptions } from '../engine/index.ts';
import type { StateRoots } from '../state/index.ts';
import type { Host } from './host.ts';

/** Makes the engine of this process over the given folders. Nothing is started or written before it is needed. */
export function openEngine(
  roots: StateRoots,
  host: Host,
  onNativeRequest?: EngineOptions['onNativeRequest'],
): Engine {
  return createEngine({
    roots,
    nativeBinary: join(nativeFolder(host), 'coracle-runtime'),
    clock: host.now,
    env: host.env,
    ...(onNativeRequest === undefined ? {} : { onNativeRequest }),
    warn: (message) => {
      host.stderr.write(`WARN: ${message}\n`);
    },
  });
}

/** Where the native programs are: `CORACLE_NATIVE`, else the package's own build. */
export function nativeFolder({ env, packageFolder }: Pick<Host, 'env' | 'packageFolder'>): string {
  return env.CORACLE_NATIVE || join(packageFolder, 'native', 'build');
}
