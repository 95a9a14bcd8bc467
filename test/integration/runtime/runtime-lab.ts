import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import {
  NativeClient,
  type RuntimeContainer,
  readLog,
  writeBundle,
} from '../../../src/runtime/index.ts';
import { containerPaths, type StateRoots } from '../../../src/state/index.ts';
import { eventually } from '../../support/eventually.ts';
import { leftovers, type Snapshot, takeSnapshot } from '../../support/leftovers.ts';
import { plainContainer } from '../../support/runtime-container.ts';

/** `CORACLE_TEST_RUNTIME` names another build: the sanitizers'. */
export const nativeBinary = resolve(
  process.env.CORACLE_TEST_RUNTIME ?? 'native/build/coracle-runtime',
);
const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path));

/** Why nothing here can run; undefined where it can. */
export function unableReason(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  if (busybox === undefined) return 'needs busybox';
  return existsSync(nativeBinary) ? undefined : 'needs the native program (npm run build:native)';
}

/** Roots, a busybox layer and a native client of one test's own; closing it proves that nothing is left. */
export class RuntimeLab {
  readonly roots: StateRoots;
  readonly native = new NativeClient(nativeBinary);
  readonly #folder = mkdtempSync(join(tmpdir(), 'coracle-runtime-'));
  readonly #layer = join(this.#folder, 'layer');
  readonly #ids: string[] = [];
  readonly #before: Snapshot;

  constructor() {
    this.roots = { data: join(this.#folder, 'data'), run: join(this.#folder, 'run') };
    mkdirSync(join(this.roots.data, 'containers'), { recursive: true });
    mkdirSync(join(this.roots.run, 'containers'), { recursive: true });
    for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'root']) {
      mkdirSync(join(this.#layer, name), { recursive: true });
    }
    copyFileSync(busybox ?? '', join(this.#layer, 'bin/busybox'));
    const applets = [
      'sh',
      'cat',
      'echo',
      'sleep',
      'id',
      'kill',
      'ps',
      'nslookup',
      'stty',
      'ls',
      'test',
      'tty',
      'yes',
      'head',
      'touch',
      'nc',
    ];
    for (const name of applets) symlinkSync('busybox', join(this.#layer, 'bin', name));
    writeFileSync(
      join(this.#layer, 'etc/passwd'),
      'root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n',
    );
    writeFileSync(
      join(this.#layer, 'etc/group'),
      'root:x:0:root\napp:x:1001:\naudio:x:29:app\nextra:x:2000:\n',
    );
    this.#before = takeSnapshot(this.roots);
  }

  /** Writes a bundle whose command is `script`, run by sh. */
  create(script: string, changes: Partial<RuntimeContainer> = {}): string {
    const id = randomBytes(32).toString('hex');
    const { dir } = containerPaths(this.roots, id);
    mkdirSync(dir, { recursive: true });
    writeBundle(
      this.roots,
      dir,
      plainContainer({
        id,
        name: `lab-${id.slice(0, 8)}`,
        layers: [this.#layer],
        args: ['/bin/sh', '-c', script],
        etcFiles: { hosts: false, hostname: false, resolvConf: false },
        ...changes,
      }),
    );
    this.#ids.push(id);
    return id;
  }

  paths(id: string) {
    return containerPaths(this.roots, id);
  }

  start(id: string, sharesPids = false) {
    const { dir, run } = this.paths(id);
    return this.native.request('container.start', { dir, run, sharesPids });
  }

  /** Creates, starts and waits for the final exit. */
  async run(script: string, changes: Partial<RuntimeContainer> = {}) {
    const id = this.create(script, changes);
    await this.start(id);
    const { exitCode } = await this.native
      .control<{ exitCode: number }>(this.paths(id).run, { op: 'wait', condition: 'exit' })
      .catch(() => this.state(id));
    return { id, exitCode, output: await this.output(id) };
  }

  state(id: string) {
    return JSON.parse(execFileSync('cat', [this.paths(id).state], { encoding: 'utf8' }));
  }

  async output(id: string): Promise<string> {
    const lines: string[] = [];
    for await (const { line, partial } of readLog(this.paths(id).log)) {
      lines.push(Buffer.from(line).toString(), partial ? '' : '\n');
    }
    return lines.join('');
  }

  async removeContainers(): Promise<void> {
    for (const id of this.#ids.splice(0)) {
      const { dir, run } = this.paths(id);
      await this.native.request('container.delete', { dir, run });
    }
  }

  /** The zones of a test's networks, whose folders stay as long as a network does. */
  removeZones(): void {
    rmSync(join(this.roots.run, 'networks'), { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.removeContainers();
    await this.native.close();
    await eventually(() => expect(this.#leftovers()).to.deep.equal([]), 5000);
    rmSync(this.#folder, { recursive: true });
  }

  /** What is new since the lab was made; links and tables that are not a test's belong to others on this machine. */
  #leftovers(): string[] {
    return leftovers(this.#before, takeSnapshot(this.roots)).filter(
      (line) =>
        !/^(links|tables): /.test(line) || line.includes('dnstest') || line.includes('dns-test'),
    );
  }
}
