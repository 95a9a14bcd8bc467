/**
 * `npm run bench:watch`: from a save to the file in the container and to the next answer over HTTP, and what watching
 * 50,000 files costs; beside Docker Compose's watch where a Docker Engine answers.
 *
 *   npm run bench:watch -- [--rounds 20] [--files 50000]
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Contestant, findContestants, IMAGE } from './contestants.ts';
import { summarize } from './statistics.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    files: { type: 'string', default: '50000' },
  },
});
const rounds = Number(values.rounds);
const files = Number(values.files);
const PORT = 18_431;
/** Docker's watch unpacks with the image's own tar and shell. */
const FILE = `
services:
  static:
    image: ${IMAGE}
    init: true
    command: ["sh", "-c", "mkdir -p /srv/www && exec httpd -f -p 80 -h /srv/www"]
    ports: ["127.0.0.1:${PORT}:80"]
    develop: {watch: [{path: ./www, target: /srv/www, action: sync}]}
  restarts:
    image: ${IMAGE}
    init: true
    command: ["sh", "-c", "mkdir -p /srv/app /www && cp /srv/app/text /www/ ; exec httpd -f -p 80 -h /www"]
    ports: ["127.0.0.1:${PORT + 1}:80"]
    stop_grace_period: 0s
    develop: {watch: [{path: ./app, target: /srv/app, action: sync+restart}]}
`;
const LARGE = `
services:
  large:
    image: ${IMAGE}
    init: true
    command: ["sleep", "infinity"]
    develop: {watch: [{path: ./large, target: /srv, action: sync, ignore: [node_modules/]}]}
`;

const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-watch-'));
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const archive = makeToolsImage();
  for (let n = 0; n < files; n += 1) {
    const below = join(folder, `large/d${n % 500}`);
    if (n < 500) mkdirSync(below, { recursive: true });
    writeFileSync(join(below, `f${n}.js`), `${n}`);
  }
  for (const contestant of findContestants(folder)) {
    console.log(`${contestant.name}: ${contestant.version}`);
    contestant.importImage(archive);
    await measureSaves(contestant);
    await measureLarge(contestant);
  }
}

async function measureSaves(contestant: Contestant): Promise<void> {
  const { name } = contestant;
  for (const part of ['www', 'app']) {
    mkdirSync(join(folder, part), { recursive: true });
    writeFileSync(join(folder, part, 'text'), 'first');
  }
  const file = join(folder, 'saves.yaml');
  writeFileSync(file, FILE);
  compose(contestant, file, 'up', '-d');
  const watch = await startWatch(contestant, file);
  try {
    const pid = pidOf('httpd -f -p 80 -h /srv/www');
    const visible = await measure(join(folder, 'www/text'), (text) =>
      Promise.resolve(readOptional(`/proc/${pid}/root/srv/www/text`) === text),
    );
    report(name, 'save → file in the container', visible);
    report(
      name,
      'save → HTTP answer, sync',
      await measure(join(folder, 'www/text'), answers(PORT)),
    );
    report(
      name,
      'save → HTTP answer, sync+restart',
      await measure(join(folder, 'app/text'), answers(PORT + 1)),
    );
  } finally {
    await end(watch);
    compose(contestant, file, 'down', '-t', '0');
  }
}

async function measureLarge(contestant: Contestant): Promise<void> {
  const file = join(folder, 'large.yaml');
  writeFileSync(file, LARGE);
  compose(contestant, file, 'up', '-d');
  const started = performance.now();
  const watch = await startWatch(contestant, file);
  try {
    const ms = performance.now() - started;
    const mb = memoryOf(watch.pid ?? 0) / 1024;
    console.log(
      `${contestant.name}: watching ${files} files: ${ms.toFixed(0)} ms to the first line, ${mb.toFixed(0)} MB`,
    );
  } finally {
    await end(watch);
    compose(contestant, file, 'down', '-t', '0');
  }
}

/** Saves, and waits for what it comes to, again and again. @returns milliseconds. */
async function measure(
  path: string,
  isThere: (text: string) => Promise<boolean>,
): Promise<number[]> {
  const spans: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const text = `round ${round} ${Math.random()}`;
    const saved = performance.now();
    writeFileSync(path, text);
    while (!(await isThere(text))) {
      if (performance.now() - saved > 30_000) throw new Error(`${path} has not arrived`);
      await later(1);
    }
    spans.push(performance.now() - saved);
    // The next save is a change set of its own.
    await later(200);
  }
  return spans;
}

function answers(port: number): (text: string) => Promise<boolean> {
  return async (text) => {
    try {
      const reply = await fetch(`http://127.0.0.1:${port}/text`, {
        headers: { connection: 'close' },
      });
      return (await reply.text()) === text;
    } catch {
      // Nobody listens while the service restarts.
      return false;
    }
  };
}

async function startWatch(
  { compose: program, env }: Contestant,
  file: string,
): Promise<ChildProcess> {
  const [command = '', ...args] = [...program, '-f', file, 'watch', '--no-up'];
  const child = spawn(command, args, { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  await new Promise<void>((resolve, reject) => {
    const look = (chunk: Buffer) => {
      text += chunk.toString();
      if (/watch enabled/i.test(text)) resolve();
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('exit', () => reject(new Error(`the watch has ended: ${text}`)));
  });
  return child;
}

async function end(watch: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => watch.once('exit', resolve));
  watch.removeAllListeners('exit');
  watch.once('exit', () => undefined);
  watch.kill('SIGINT');
  await Promise.race([ended, later(5000)]);
}

function compose({ compose: program, env }: Contestant, file: string, ...args: string[]): void {
  const [command = '', ...before] = program;
  const result = spawnSync(command, [...before, '-f', file, ...args], {
    env,
    cwd: folder,
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`compose ${args.join(' ')} failed\n${result.stderr}`);
}

/** The process whose command line ends so; the container's, as the host counts. */
function pidOf(commandLine: string): string {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find(
      (pid) => readOptional(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() === commandLine,
    );
  if (found === undefined) throw new Error(`no process ${commandLine}`);
  return found;
}

/** Proportional set size of a process and all below it, in kB. */
function memoryOf(pid: number): number {
  const own = Number(
    /^Pss:\s+(\d+)/m.exec(readOptional(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0,
  );
  const children = (readOptional(`/proc/${pid}/task/${pid}/children`) ?? '').trim().split(' ');
  return children
    .filter((child) => child !== '')
    .reduce((sum, child) => sum + memoryOf(Number(child)), own);
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function report(contestant: string, what: string, spans: readonly number[]): void {
  const { median, min, max } = summarize(spans);
  console.log(
    `${contestant}: ${what}: ${median.toFixed(1)} ms (${min.toFixed(1)}–${max.toFixed(1)})`,
  );
}

/** A root file system of one busybox with all that it can be called. */
function makeToolsImage(): string {
  const root = join(folder, 'tools');
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp'])
    mkdirSync(join(root, name), { recursive: true });
  cpSync('/bin/busybox', join(root, 'bin/busybox'), { dereference: true });
  const applets = spawnSync('/bin/busybox', ['--list'], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n');
  for (const name of applets)
    if (name !== 'busybox') symlinkSync('busybox', join(root, 'bin', name));
  const archive = join(folder, 'tools.tar');
  spawnSync('tar', ['-C', root, '-cf', archive, '.']);
  return archive;
}
