/** OCI runtimes by their command line: a bundle of one static busybox, the spec that `coracle-runtime spec` writes. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { repository } from '../../test/support/command.ts';

export const nativeBinary = join(repository, 'native/build/coracle-runtime');

export interface Runtime {
  readonly name: string;
  readonly program: string;
  readonly version: string;
}

/** What is measured, and who is told. */
export interface Rounds {
  readonly runs: number;
  keep(row: string, column: string, ms: number): void;
}

/** Ours, and those of the others that are installed. */
export function findRuntimes(others: readonly string[]): Runtime[] {
  const found: Runtime[] = [];
  for (const program of [nativeBinary, ...others]) {
    const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    const name = basename(program);
    if (status === 0) found.push({ name, program, version: stdout.split('\n')[0] ?? '' });
    else console.log(`${name}: not found, left out`);
  }
  return found;
}

/** @returns the folder of a bundle; {@link configure} says what runs in it. */
export function makeBundle(folder: string): string {
  const bundle = join(folder, 'bundle');
  const rootfs = join(bundle, 'rootfs');
  for (const name of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp'])
    mkdirSync(join(rootfs, name), { recursive: true });
  cpSync('/bin/busybox', join(rootfs, 'bin/busybox'), { dereference: true });
  for (const name of ['true', 'sleep']) symlinkSync('busybox', join(rootfs, 'bin', name));
  must([nativeBinary, 'spec', '--bundle', bundle]);
  cpSync(join(bundle, 'config.json'), join(bundle, 'spec.json'));
  return bundle;
}

interface BundleOptions {
  readonly args: readonly string[];
  readonly withoutNetwork: boolean;
}

function configure(bundle: string, { args, withoutNetwork }: BundleOptions): void {
  const spec = JSON.parse(readFileSync(join(bundle, 'spec.json'), 'utf8'));
  // The newest that all of them take.
  spec.ociVersion = '1.0.2';
  spec.process.terminal = false;
  spec.process.args = args;
  if (withoutNetwork)
    spec.linux.namespaces = spec.linux.namespaces.filter(
      ({ type }: { type: string }) => type !== 'network',
    );
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
}

export function measureCommands(
  runtimes: readonly Runtime[],
  bundle: string,
  { runs, keep }: Rounds,
): void {
  const rows: readonly (BundleOptions & { readonly name: string })[] = [
    { name: 'run, no network namespace', args: ['/bin/true'], withoutNetwork: true },
    { name: 'run, an empty network namespace', args: ['/bin/true'], withoutNetwork: false },
  ];
  for (const row of rows) {
    configure(bundle, row);
    inTurns(runtimes, runs, ({ name, program }, kept) => {
      const ms = timed([program, 'run', '--bundle', bundle, 'coracle-bench']);
      if (kept) keep(row.name, name, ms);
    });
  }
  inTurns(runtimes, runs, ({ name, program }, kept) => {
    const ms = timed([
      ...['sh', '-c', '"$1" create --bundle "$2" "$3" && "$1" start "$3" && "$1" delete -f "$3"'],
      ...['sh', program, bundle, 'coracle-bench'],
    ]);
    if (kept) keep('create, start, delete', name, ms);
  });
  configure(bundle, { args: ['/bin/sleep', '1000'], withoutNetwork: false });
  for (const { program, name } of runtimes) {
    const id = `coracle-bench-${name}`;
    must([program, 'run', '--detach', '--bundle', bundle, id]);
  }
  try {
    inTurns(runtimes, runs, ({ name, program }, kept) => {
      const ms = timed([program, 'exec', `coracle-bench-${name}`, '/bin/true']);
      if (kept) keep('exec', name, ms);
    });
  } finally {
    for (const { program, name } of runtimes)
      must([program, 'delete', '--force', `coracle-bench-${name}`]);
  }
}

/** One round warms caches and is not kept. */
function inTurns(
  runtimes: readonly Runtime[],
  runs: number,
  measure: (runtime: Runtime, kept: boolean) => void,
): void {
  for (let round = 0; round <= runs; round += 1)
    for (const runtime of runtimes) measure(runtime, round > 0);
}

/** Timed by a small shell: a process as large as Node takes longer to fork than some of these run. */
function timed(argv: readonly string[]): number {
  const script =
    's=$EPOCHREALTIME; "$@" < /dev/null > /dev/null; r=$?; e=$EPOCHREALTIME; echo "$r $((${e/./} - ${s/./}))"';
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...argv], {
    encoding: 'utf8',
  });
  const [status, microseconds] = stdout.trim().split(' ');
  if (status === '0') return Number(microseconds) / 1000;
  throw new Error(`${argv.join(' ')} failed (${status})\n${stderr}`);
}

function must(argv: readonly string[]): void {
  const [program = '', ...args] = argv;
  // A container that is detached keeps the pipes: nothing is read.
  const { status } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${argv.join(' ')} failed (${status})`);
}
