import { homedir } from 'node:os';
import { join } from 'node:path';
import type { RemoteFiles } from '../../compose/load/index.ts';
import type { CommandContext } from '../context.ts';

/**
 * The option that lets loading fetch repositories and what registries keep, into the user's cache folder; nothing
 * unless the user asked for it.
 */
export async function remoteFiles(context: CommandContext): Promise<{ remote?: RemoteFiles }> {
  const { options, host } = context;
  if (!options.allowRemote) return {};
  const { env } = host;
  const [{ gitRemoteFiles }, { registryFiles }] = await Promise.all([
    import('../../compose/load/index.ts'),
    import('./registry-files.ts'),
  ]);
  const cache = join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'coracle');
  const git = gitRemoteFiles(join(cache, 'remote'), env);
  const registry = registryFiles(join(cache, 'artifacts'), context);
  return {
    remote: {
      fetch: (address) => (address.startsWith('oci://') ? registry : git).fetch(address),
      bring: (addresses) => registry.bring(addresses),
    },
  };
}
