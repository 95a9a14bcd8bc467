import { readFileSync } from 'node:fs';
import type { ContainerInspectInfo, Listening } from '../api.ts';
import { listeningPorts } from '../observe/listening.ts';

/**
 * What listens in a container of a Docker Engine on this machine; undefined where it is on another one, which shows by the
 * process that it names being none of the container's here.
 */
export function dockerListening(info: ContainerInspectInfo): Listening | undefined {
  const { Id, State, HostConfig, NetworkSettings } = info;
  if (!State.Running || !isHere(State.Pid, Id)) return undefined;
  const mode = HostConfig.NetworkMode ?? '';
  const isOwn = mode !== 'host' && !mode.startsWith('container:');
  const address =
    mode === 'host'
      ? '127.0.0.1'
      : Object.values(NetworkSettings.Networks ?? {}).find(({ IPAddress }) => IPAddress)?.IPAddress;
  return {
    ports: listeningPorts(State.Pid, isOwn),
    ...(address === undefined ? {} : { address }),
  };
}

function isHere(pid: number, id: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id);
  } catch {
    // Another machine's pid, or another pid namespace's.
    return false;
  }
}
