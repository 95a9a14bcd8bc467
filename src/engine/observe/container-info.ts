import { containerPaths, type StateRoots } from '../../state/index.ts';
import type { ContainerInfo } from '../api.ts';
import type { Candidate } from './container-filters.ts';
import { crashLoopOf } from './crash-loop.ts';
import { mountView } from './mount-view.ts';
import { containerNetworks, portList } from './network-settings.ts';
import { statusText } from './status-text.ts';

/** One row of a listing, in Docker's shape. */
export function containerInfo(
  { record, state }: Candidate,
  nowMs: number,
  roots: StateRoots,
): ContainerInfo {
  const [path = '', ...args] = commandLine(record.config);
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: record.config.Image,
    ImageID: record.imageId,
    Command: args.length === 0 ? path : `${path} ${args.map(quoted).join(' ')}`,
    Created: Math.floor(Date.parse(record.created) / 1000),
    Ports: portList(record, state),
    Labels: record.config.Labels,
    State: state.status,
    Status: statusText(state, nowMs, crashLoopOf(state, containerPaths(roots, record.id).log)),
    HostConfig: { NetworkMode: record.hostConfig.NetworkMode ?? 'default' },
    NetworkSettings: { Networks: containerNetworks(record, state, false) },
    Mounts: record.mounts.map(mountView),
  };
}

/** What runs: entrypoint and command, joined. */
export function commandLine(config: {
  readonly Entrypoint: readonly string[] | null;
  readonly Cmd: readonly string[] | null;
}): string[] {
  return [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
}

/** Docker quotes an argument that holds a space, and only then. */
function quoted(argument: string): string {
  return argument.includes(' ') ? `'${argument}'` : argument;
}
