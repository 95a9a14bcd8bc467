import { shortId } from '../state/index.ts';
import type { ContainerRecord, EndpointRecord } from './container-record.ts';

/** The names under which others on the network find a container. */
export function dnsNames(
  record: Pick<ContainerRecord, 'id' | 'name'>,
  endpoint: Pick<EndpointRecord, 'aliases'>,
): string[] {
  return [...new Set([record.name, ...endpoint.aliases, shortId(record.id)])];
}
