import { homedir } from 'node:os';
import { join } from 'node:path';
import type { RemoteFiles } from '../compose/load/index.ts';
import type { CommandContext } from './context.ts';

/** The option that lets loading fetch repositories, into the user's cache folder; nothing unless the user asked for it. */
export async function remoteFiles({
  options,
  host: { env },
}: Pick<CommandContext, 'options' | 'host'>): Promise<{ remote?: RemoteFiles }> {
  if (!options.allowRemote) return {};
  const { gitRemoteFiles } = await import('../compose/load/index.ts');
  const cache = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache');
  return { remote: gitRemoteFiles(join(cache, 'coracle', 'remote'), env) };
}
