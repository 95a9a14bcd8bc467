import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const tool = fileURLToPath(new URL('../../native/build/net-tool', import.meta.url));
const peer = fileURLToPath(new URL('./net-peer.mjs', import.meta.url));
const native = fileURLToPath(new URL('../../native', import.meta.url));

let isAvailable: boolean | undefined;

/** What a peer prints: an answer, or why there was none. */
export interface PeerAnswer {
  readonly name?: string;
  readonly from?: string;
  readonly whole?: boolean;
  readonly error?: string;
  readonly ok?: boolean;
}

export interface ToolResult {
  readonly us: number;
  readonly error?: { op: string; path: string; errnoName: string; message: string };
}

/** Ports that are published until {@link PublishedPorts.close}, by a process of its own as a shim is. */
export interface PublishedPorts {
  readonly ports: readonly number[];
  readonly us: number;
  /** Unpublishes. */
  close(): Promise<void>;
  /** SIGKILL: what a shim's death leaves behind, stays. */
  kill(): Promise<void>;
}

/** A network namespace, alive as long as a process of ours sleeps in it. */
export class Namespace {
  readonly path: string;
  readonly #holder: ChildProcess;

  constructor() {
    this.#holder = spawn('unshare', ['-n', 'sleep', '600'], { stdio: 'ignore' });
    this.path = `/proc/${this.#holder.pid}/ns/net`;
    const own = execFileSync('readlink', ['/proc/self/ns/net']).toString();
    // unshare(1) needs a moment between its start and its call.
    for (let i = 0; i < 500 && this.#current() === own; i++) spawnSync('sleep', ['0.005']);
  }

  #current(): string {
    return spawnSync('readlink', [this.path]).stdout.toString();
  }

  /** Runs a program inside and returns what it printed; throws where it fails. */
  run(program: string, ...args: string[]): string {
    const argv = [`--net=${this.path}`, program, ...args];
    return execFileSync('nsenter', argv, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
  }

  spawn(program: string, args: readonly string[]): ChildProcess {
    return spawn('nsenter', [`--net=${this.path}`, program, ...args]);
  }

  end(): void {
    this.#holder.kill('SIGKILL');
  }
}

/**
 * A host, containers and an outside world, each a network namespace: `host` has 192.0.2.1 towards
 * `outside`, 192.0.2.2. Nothing of it touches the machine's own interfaces or rules.
 */
export class NetLab {
  /** The program that drives the native network module. */
  static readonly toolPath = tool;
  readonly host = new Namespace();
  readonly outside = new Namespace();
  readonly table: string;
  readonly #namespaces: Namespace[] = [this.host, this.outside];
  readonly #children: ChildProcess[] = [];

  constructor(table = `coracle-test-${process.pid}`) {
    this.table = table;
    this.host.run('ip', 'link', 'set', 'lo', 'up');
    this.host.run('ip', 'link', 'add', 'ext', 'type', 'veth', 'peer', 'name', 'eth0');
    const pid = this.outside.path.split('/')[2] ?? '';
    this.host.run('ip', 'link', 'set', 'eth0', 'netns', pid);
    this.host.run('ip', 'addr', 'add', '192.0.2.1/24', 'dev', 'ext');
    this.host.run('ip', 'link', 'set', 'ext', 'up');
    this.outside.run('ip', 'link', 'set', 'lo', 'up');
    this.outside.run('ip', 'addr', 'add', '192.0.2.2/24', 'dev', 'eth0');
    this.outside.run('ip', 'link', 'set', 'eth0', 'up');
  }

  /** Builds the tool that drives the native network module; false without root or iproute2. */
  static available(): boolean {
    if (isAvailable === undefined) {
      isAvailable = process.getuid?.() === 0 && spawnSync('ip', ['-V']).status === 0;
      // A failing build is a failure, not a reason to skip.
      if (isAvailable) {
        execFileSync('make', ['-s', '-C', native, 'build/net-tool'], { stdio: 'inherit' });
      }
    }
    return isAvailable;
  }

  tool(...args: string[]): ToolResult {
    const argv = [`--net=${this.host.path}`, tool, ...args];
    const { stdout, stderr, status } = spawnSync('nsenter', argv);
    if (status === 0) return JSON.parse(stdout.toString()) as ToolResult;
    return { us: 0, error: JSON.parse(stderr.toString()) };
  }

  /** The tool, where a failure fails the test. */
  must(...args: string[]): ToolResult {
    const result = this.tool(...args);
    if (result.error !== undefined) throw new Error(JSON.stringify({ args, ...result.error }));
    return result;
  }

  /**
   * A network with its first address as the gateway, e.g. `10.77.1`.
   * @param options net-tool's: `external+isolated`.
   * @param prefix6 `fd00:77:1`: with IPv6.
   */
  network(name: string, prefix: string, options = 'external', prefix6?: string): void {
    const ipv6 = prefix6 === undefined ? [] : [`${prefix6}::1/64`, `${prefix6}::/64`];
    const v4 = [`${prefix}.1/24`, `${prefix}.0/24`];
    this.must('network-up', this.table, name, ...v4, options, ...ipv6);
  }

  /**
   * A namespace attached to a network, as a container's is; `internal` has no gateway.
   * @param ipv6 its address, `-` for none, and its gateway; `isolated` where neighbours are out of reach.
   */
  container(
    bridge: string,
    address: string,
    internal = false,
    ipv6: readonly string[] = [],
  ): Namespace {
    const namespace = new Namespace();
    this.#namespaces.push(namespace);
    namespace.run('ip', 'link', 'set', 'lo', 'up');
    const gateway = internal ? '-' : address.replace(/\d+$/, '1');
    const hostName = `cv${address.replaceAll('.', '').slice(-8)}`;
    this.must(
      'attach',
      namespace.path,
      bridge,
      hostName,
      'eth0',
      `${address}/24`,
      gateway,
      '-',
      '0',
      ...ipv6,
    );
    return namespace;
  }

  async serve(
    where: Namespace,
    protocol: 'tcp' | 'udp',
    port: number,
    name: string,
    host = '0.0.0.0',
  ): Promise<void> {
    const child = where.spawn(process.execPath, [peer, 'serve', protocol, host, `${port}`, name]);
    this.#children.push(child);
    await firstLine(child);
  }

  ask(
    where: Namespace,
    protocol: 'tcp' | 'udp',
    host: string,
    port: number,
    options: { timeoutMs?: number; localPort?: number } = {},
  ): PeerAnswer {
    const local = options.localPort === undefined ? [] : [`${options.localPort}`];
    const argv = [peer, 'ask', protocol, host, `${port}`, `${options.timeoutMs ?? 3000}`, ...local];
    return JSON.parse(where.run(process.execPath, ...argv)) as PeerAnswer;
  }

  bind(
    protocol: 'tcp' | 'udp',
    host: string,
    port: number,
    how: 'reuse' | 'exclusive',
  ): PeerAnswer {
    const argv = [peer, 'bind', protocol, host, `${port}`, how];
    return JSON.parse(this.host.run(process.execPath, ...argv)) as PeerAnswer;
  }

  leaveTimeWait(port: number): void {
    this.host.run(process.execPath, peer, 'time-wait', `${port}`);
  }

  /** @param ports `tcp,0.0.0.0,8080,10.77.1.2,80`; throws the tool's error text where one is taken. */
  async publish(...ports: string[]): Promise<PublishedPorts> {
    const child = this.host.spawn(tool, ['publish', this.table, ...ports]);
    this.#children.push(child);
    const { us, ports: bound } = JSON.parse(await firstLine(child)) as {
      us: number;
      ports: number[];
    };
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const end = async (act: () => void) => {
      act();
      await gone;
    };
    return {
      us,
      ports: bound,
      close: () => end(() => child.stdin?.end()),
      kill: () => end(() => child.kill('SIGKILL')),
    };
  }

  /** Elements of all sets and maps of the table, as `nft` prints them. */
  elements(): string[] {
    const text = this.host.run('nft', '-j', 'list', 'table', 'inet', this.table);
    const objects = (JSON.parse(text) as { nftables: Record<string, { elem?: unknown[] }>[] })
      .nftables;
    return objects.flatMap((entry) =>
      (entry.set?.elem ?? entry.map?.elem ?? []).map((element) => JSON.stringify(element)),
    );
  }

  links(): string[] {
    const lines = this.host.run('ip', '-o', 'link').trim().split('\n');
    return lines.map((line) => line.split(': ')[1]?.split('@')[0] ?? '').sort();
  }

  /** Ends every process that the lab started; the kernel then removes the namespaces. */
  end(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const namespace of this.#namespaces) namespace.end();
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    let errors = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes('\n')) resolve(text.split('\n')[0] ?? '');
    });
    child.stderr?.on('data', (bytes: Buffer) => {
      errors += bytes.toString();
    });
    child.once('close', () => reject(new Error(errors || 'ended without a line')));
  });
}
