import { join } from 'node:path';
import type { CommandContext } from '../context.ts';
import type { Host } from '../host.ts';

/** Absolute path of coracle-runtime: in `CORACLE_NATIVE`, else in the package's own build. */
export function nativeBinary({ env, packageFolder }: Pick<Host, 'env' | 'packageFolder'>): string {
  return join(env.CORACLE_NATIVE || join(packageFolder, 'native', 'build'), 'coracle-runtime');
}

/** Nothing is dropped silently: says which extended attributes an archive had and the layer has not. */
export function warnSkippedXattrs(context: CommandContext, names: readonly string[]): void {
  if (names.length === 0) return;
  context.err(`warning: extended attributes not kept: ${names.join(', ')}\n`);
}
