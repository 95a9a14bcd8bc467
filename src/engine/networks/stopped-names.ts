import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { networkPaths } from '../../network/index.ts';
import { type StateRoots, writeNamed } from '../../state/index.ts';
import type { ContainerRecord } from '../container-record.ts';
import type { Undo } from '../create/create-container.ts';
import { dnsNames } from '../dns-names.ts';

/**
 * Tells the zones of a new container's networks that its names are ours, so that a service that asks for it too early gets a
 * denial and nobody outside hears of it. Before the container can be started: from then on its shim writes the file.
 */
export function writeStoppedNames(roots: StateRoots, record: ContainerRecord, undo: Undo): void {
  const project = record.config.Labels['com.docker.compose.project'];
  for (const endpoint of record.endpoints) {
    const { zone } = networkPaths(roots, endpoint.networkId);
    const file = join(zone, record.id);
    const lines = [
      'stopped',
      ...(project === undefined ? [] : [`project ${project}`]),
      ...dnsNames(record, endpoint).map((name) => `name ${name}`),
    ];
    undo.push(() => rmSync(file, { force: true }));
    mkdirSync(zone, { recursive: true, mode: 0o755 });
    // Readable by the resolvers, which run as nobody.
    writeNamed(file, `${lines.join('\n')}\n`, { mode: 0o644 });
  }
}
