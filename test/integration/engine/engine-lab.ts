/**
 * An engine over folders of its own with one small image, for the tests of this folder. Everything is real: containers run, and
 * {@link EngineLab.close} proves that nothing of them is left.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type ContainerApi, createEngine, type Engine } from '../../../src/engine/index.ts';
import { importImage } from '../../../src/image/index.ts';
import { nftTable } from '../../../src/network/index.ts';
import type { StateRoots } from '../../../src/state/index.ts';
import { expectNothingLeft, type Snapshot, takeSnapshot } from '../../support/leftovers.ts';

export const image = 'lab/busybox:1';
export const nativeBinary = fileURLToPath(
  new URL('../../../native/build/coracle-runtime', import.meta.url),
);

export type CreateOptions = Parameters<Engine['createContainer']>[0];

/** A lab whose tests are not run is never closed: its empty folder goes at the end. */
const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders.filter((path) => existsSync(path) && isEmpty(path))) {
    rmdirSync(folder);
  }
});

function isEmpty(folder: string): boolean {
  return readdirSync(folder).length === 0;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-engine-'));
  folders.push(folder);
  return folder;
}

export class EngineLab {
  readonly folder = newFolder();
  readonly roots: StateRoots = { data: join(this.folder, 'data'), run: join(this.folder, 'run') };
  readonly warnings: string[] = [];
  readonly engine: Engine = this.newEngine();
  #before: Snapshot | undefined;

  /** Another engine over the same folders, as another process would have. */
  newEngine(): Engine {
    return createEngine({
      roots: this.roots,
      nativeBinary,
      clock: Date.now,
      env: {},
      warn: (message) => this.warnings.push(message),
    });
  }

  /** Imports the image; its `/seed` holds a file that volumes are filled with. */
  async open(): Promise<void> {
    mkdirSync(this.roots.data);
    mkdirSync(this.roots.run);
    const root = join(this.folder, 'root');
    for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'seed/deep']) {
      mkdirSync(join(root, name), { recursive: true });
    }
    cpSync('/bin/busybox', join(root, 'bin/busybox'), { dereference: true });
    for (const applet of execFileSync('/bin/busybox', ['--list']).toString().trim().split('\n')) {
      if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
    }
    writeFileSync(
      join(root, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/:/bin/sh\n',
    );
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\nweb:x:33:\n');
    writeFileSync(join(root, 'seed/deep/file'), 'from the image\n', { mode: 0o640 });
    const archive = join(this.folder, 'root.tar');
    execFileSync('tar', ['-C', root, '--owner=0', '--group=0', '-cf', archive, '.']);
    await importImage(archive, {
      roots: this.roots,
      native: nativeBinary,
      name: image,
      changes: ['CMD ["sleep", "1000"]', 'ENV LAB=1'],
      created: '2026-11-23T00:00:00Z',
    });
    rmSync(root, { recursive: true });
    rmSync(archive);
    this.#before = takeSnapshot(this.roots);
  }

  /** Creates and starts a container of the image that ends at once on SIGTERM. */
  async run(name: string, options: CreateOptions = {}): Promise<ContainerApi> {
    const container = await this.create(name, options);
    await container.start();
    return container;
  }

  create(name: string, options: CreateOptions = {}): Promise<ContainerApi> {
    return this.engine.createContainer({
      name,
      Image: image,
      ...options,
      // Pid 1 ignores signals that it does not handle; init does.
      HostConfig: { Init: true, ...options.HostConfig },
    });
  }

  /** A shell line inside a container: its trimmed output, whatever it exits with. */
  async sh(name: string, line: string): Promise<string> {
    const { stdout, stderr } = await this.engine.exec(name, {
      argv: ['sh', '-c', line],
      stdio: 'collect',
    });
    return (stdout + stderr).trim();
  }

  /** Removes every container, volume and network. */
  async clear(): Promise<void> {
    const { engine } = this;
    for (const { Id } of await engine.listContainers({ all: true })) {
      await engine.getContainer(Id).remove({ force: true, v: true });
    }
    for (const { Name } of (await engine.listVolumes()).Volumes) {
      await engine.getVolume(Name).remove();
    }
    for (const { Id } of await engine.listNetworks()) await engine.getNetwork(Id).remove();
  }

  /** Clears and proves that nothing is left: processes, mounts, links, cgroups, rules, files. */
  async expectClean(): Promise<void> {
    await this.clear();
    const before = this.#before;
    if (before === undefined) throw new Error('the lab was not opened');
    await expectNothingLeft(() => {
      // The table itself stays, empty: it is shared by all containers to come.
      const { tables } = takeSnapshot(this.roots);
      return { ...before, tables, links: foreignLinks(this.roots) };
    }, this.roots);
    expect(this.#tableElements(), 'elements of our table').to.equal('');
    expect(this.warnings).to.deep.equal([]);
  }

  /** Published ports, bridges and subnets that our table still knows. */
  #tableElements(): string {
    const { stdout } = spawnSync('nft', ['list', 'table', 'inet', nftTable(this.roots.run)]);
    return (stdout.toString().match(/elements = \{[^}]*\}/g) ?? []).join('\n');
  }

  async close(): Promise<void> {
    await this.engine.close();
    spawnSync('nft', ['delete', 'table', 'inet', nftTable(this.roots.run)]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Links of this moment that belong to no container or network of ours: other people's tests run beside these. */
function foreignLinks({ run }: StateRoots): Set<string> {
  const events = join(run, 'events');
  const told = existsSync(events) ? readFileSync(events, 'utf8') : '';
  const ids = new Set(told.match(/[0-9a-f]{64}/g) ?? []);
  const own = new Set([...ids].map((id) => id.slice(0, 8)));
  return new Set(
    readdirSync('/sys/class/net').filter(
      (link) => !own.has(/^(?:cv|cor-)(.{8})/.exec(link)?.[1] ?? ''),
    ),
  );
}

/** The message of what a promise rejects with; fails where it does not. */
export async function failure(
  promise: Promise<unknown>,
): Promise<Error & { code?: string; statusCode?: number; exitCode?: number }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('expected a failure, there was none');
}
