import { readFileSync } from 'node:fs';
import { isErrno } from '../../state/index.ts';
import type { Listening } from '../api.ts';
import type { EngineContext } from '../engine-context.ts';
import { observeContainer } from './observed-containers.ts';
import { hasProcess } from './running.ts';

/**
 * The TCP ports that listen in a container's network namespace, and the address under which this machine reaches it. Ports
 * of the loopback interface are left out where the namespace is the container's own: nobody else gets to them, and a database
 * that prepares itself behind them is not there yet.
 * @returns undefined where it has no process at this moment.
 */
export function listening(context: EngineContext, idOrName: string): Listening | undefined {
  const { record, state } = observeContainer(context, idOrName);
  if (!hasProcess(state)) return undefined;
  const isOwn = record.networkMode.kind === 'bridge' || record.networkMode.kind === 'none';
  const address = addressOf(context, idOrName);
  return {
    ports: listeningPorts(state.pid, isOwn),
    ...(address === undefined ? {} : { address }),
  };
}

/**
 * The TCP ports that listen in the network namespace of a process.
 * @param withoutLoopback leaves those out that listen on the loopback interface alone.
 */
export function listeningPorts(pid: number, withoutLoopback: boolean): number[] {
  const sockets = ['tcp', 'tcp6'].flatMap((table) =>
    parseSockets(readTable(`/proc/${pid}/net/${table}`)),
  );
  const ports = sockets.flatMap(({ port, isLoopback }) =>
    withoutLoopback && isLoopback ? [] : [port],
  );
  return [...new Set(ports)];
}

function addressOf(context: EngineContext, idOrName: string): string | undefined {
  const { record } = observeContainer(context, idOrName);
  if (record.networkMode.kind === 'host') return '127.0.0.1';
  if (record.networkMode.kind === 'join') return addressOf(context, record.networkMode.container);
  const { endpoints } = record;
  return (endpoints.find(({ isDefault }) => isDefault) ?? endpoints[0])?.address;
}

/** A table of proc(5); empty where the process has just ended or the kernel has no IPv6. */
function readTable(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ESRCH') || isErrno(error, 'EINVAL')) return '';
    throw error;
  }
}

interface ListeningSocket {
  readonly port: number;
  readonly isLoopback: boolean;
}

/** TCP_LISTEN in the column `st`. */
const listens = '0A';

/** Reads `/proc/<pid>/net/tcp`: `sl local_address rem_address st …`, addresses in hexadecimal digits of the host's byte order. */
export function parseSockets(table: string): ListeningSocket[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    if (state !== listens || !/^[0-9A-F]{4}$/.test(port)) return [];
    return [{ port: Number.parseInt(port, 16), isLoopback: isLoopback(address) }];
  });
}

/** 127.0.0.0/8, ::1, and the first in IPv6's clothes. */
function isLoopback(address: string): boolean {
  if (address.length === 8) return address.endsWith('7F');
  return (
    address === '00000000000000000000000001000000' ||
    (address.startsWith('0000000000000000FFFF0000') && address.endsWith('7F'))
  );
}
