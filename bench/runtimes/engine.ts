/**
 * A container of the engine, from the request to the native client until its exit is told: network, shim, log and all. Beside
 * it, what the kernel alone takes for the same container on the same bridge (bare.c).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createEngine } from '../../src/engine/index.ts';
import { importImage } from '../../src/image/index.ts';
import { NativeClient } from '../../src/runtime/index.ts';
import { containerPaths } from '../../src/state/index.ts';
import { repository } from '../../test/support/command.ts';
import { IMAGE, makeIdleImage } from '../contestants.ts';
import { nativeBinary, type Rounds } from './oci.ts';

/** The column of bare.c. */
export const KERNEL = 'the kernel alone';

export async function measureEngine(folder: string, { runs, keep }: Rounds): Promise<void> {
  const roots = { data: join(folder, 'data'), run: join(folder, 'run') };
  for (const path of Object.values(roots)) mkdirSync(path);
  await importImage(makeIdleImage(folder), {
    roots,
    native: nativeBinary,
    name: IMAGE,
    changes: [],
    created: '2026-01-01T00:00:00Z',
  });
  const engine = createEngine({ roots, nativeBinary, clock: Date.now, warn: console.error });
  const client = new NativeClient(nativeBinary);
  const network = await engine.createNetwork({ Name: 'bench' });
  const modes = { 'engine, no network': 'none', 'engine, a bridge network': 'bench' };
  try {
    for (const [row, NetworkMode] of Object.entries(modes)) {
      const container = await engine.createContainer({
        name: NetworkMode,
        Image: IMAGE,
        Cmd: ['/bin/true'],
        HostConfig: { NetworkMode },
      });
      // Makes the bridge, too.
      await container.start();
      await container.wait();
      const { dir, run } = containerPaths(roots, container.id);
      const bare =
        NetworkMode === 'none'
          ? undefined
          : kernelAlone(folder, containerPaths(roots, container.id).shim);
      for (let round = 0; round <= runs; round += 1) {
        const started = performance.now();
        await client.request('container.start', { dir, run, sharesPids: false });
        // Where the shim is gone already, so is the container.
        await client.control(run, { op: 'wait', condition: 'exit' }).catch(() => undefined);
        if (round > 0) keep(row, 'coracle-runtime', performance.now() - started);
        // The exit is told before the shim has taken its network down, which the next start would wait for.
        await setTimeout(100);
        const ms = bare?.();
        if (round > 0 && ms !== undefined) keep(row, KERNEL, ms);
        // Its namespace, too, is taken down by the kernel after its end, under a lock that the next start needs.
        if (ms !== undefined) await setTimeout(100);
      }
      await container.remove({ force: true });
    }
  } finally {
    await network.remove();
    await client.close();
    await engine.close();
  }
}

/** The kernel's share for a container of the engine: the same layer, bridge and address. */
function kernelAlone(folder: string, shimFile: string): () => number {
  const make = ['-s', '-C', join(repository, 'native'), 'build/bench-bare'];
  execFileSync('make', make, { stdio: 'inherit' });
  const { overlay, network } = JSON.parse(readFileSync(shimFile, 'utf8'));
  const { bridge, address, gateway } = network.endpoints[0];
  const program = join(repository, 'native/build/bench-bare');
  return () => {
    const work = mkdtempSync(join(folder, 'bare-'));
    const printed = execFileSync(program, [overlay.lower[0], work, bridge, address, gateway]);
    rmSync(work, { recursive: true });
    return Number(printed);
  };
}
