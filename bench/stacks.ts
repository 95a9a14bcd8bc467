/** Stacks whose time is mostly that of what runs in them: a chain of healthchecks, an app with its database. */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Contestant, IMAGE } from './contestants.ts';

export type Keep = (row: string, column: string, ms: number) => void;

const checkMs = 100;

/** Five services, each behind the healthcheck of the one before. */
export function chainOfFive(): string {
  const services = [1, 2, 3, 4, 5].map((number) => {
    const behind =
      number === 1 ? '' : `, depends_on: {s${number - 1}: {condition: service_healthy}}`;
    const check = `healthcheck: {test: [CMD, "true"], interval: ${checkMs}ms}`;
    return `  s${number}: {image: "${IMAGE}", command: [sleep, infinity], init: true, ${check}${behind}}\n`;
  });
  return `services:\n${services.join('')}`;
}

/** The least that the chain can take: the first check of four comes after an interval. */
export const chainChecksMs = 4 * checkMs;

const DATABASE = 'stand-in/mysql:8.0';
const port = 13_399;

const todoStack = `
services:
  app:
    image: "${IMAGE}"
    command: [sleep, infinity]
    init: true
    depends_on: [mysql]
  mysql:
    image: ${DATABASE}
    environment: {MYSQL_ROOT_PASSWORD: secret, MYSQL_DATABASE: todos}
    ports: ["127.0.0.1:${port}:3306"]
    volumes: ["data:/var/lib/mysql"]
volumes: {data: {}}
`;

/** Inside the database's own image: from the program's start to the first byte that it says to a client; milliseconds. */
const ownTime = `
docker-entrypoint.sh mysqld >/dev/null 2>&1 &
start=\${EPOCHREALTIME/./}
until { exec 3<>/dev/tcp/127.0.0.1/3306; } 2>/dev/null && read -r -n 1 -t 5 <&3; do sleep 0.005; done
echo $(( (\${EPOCHREALTIME/./} - start) / 1000 ))
kill %1; wait`;

/** True where the database's image is in the tests' cache and every contestant has it now. */
export function provideDatabase(folder: string, contestants: readonly Contestant[]): boolean {
  const cache = process.env.CORACLE_TEST_CACHE || '/var/cache/coracle-test';
  if (!existsSync(join(cache, 'images'))) return false;
  const archive = join(folder, 'mysql.tar');
  const own = contestants.find(({ name }) => name === 'coracle');
  if (own === undefined || !own.saveFrom(cache, DATABASE, archive)) return false;
  for (const contestant of contestants) contestant.loadImage(archive);
  return true;
}

/** From `up -d` to the database's first answer at the published port, with an existing volume, beside its own time. */
export async function measureTodo(
  folder: string,
  contestants: readonly Contestant[],
  runs: number,
  keep: Keep,
): Promise<void> {
  const file = join(folder, 'todo.yaml');
  writeFileSync(file, todoStack);
  const compose = ({ compose: argv, env }: Contestant, ...args: readonly string[]) => {
    const [program = '', ...rest] = [...argv, '-p', 'bench-todo', '-f', file, ...args];
    const result = spawnSync(program, rest, { env, encoding: 'utf8' });
    if (result.status === 0) return result.stdout;
    throw new Error(
      `${args.join(' ')} failed (${result.status})\n${result.stdout}${result.stderr}`,
    );
  };
  try {
    for (let round = 0; round <= runs; round += 1) {
      for (const contestant of contestants) {
        const { name } = contestant;
        const started = performance.now();
        compose(contestant, 'up', '-d');
        await firstAnswer(port);
        // The first round makes the volume.
        if (round > 0) keep('todo stack, existing volume', name, performance.now() - started);
        compose(contestant, 'down');
        if (round === 0) continue;
        const script = ['run', '--rm', '-T', '--entrypoint', 'bash', 'mysql', '-c', ownTime];
        keep("the database's own time", name, Number(compose(contestant, ...script)));
      }
    }
  } finally {
    for (const contestant of contestants) compose(contestant, 'down', '-v', '-t', '1');
  }
}

async function firstAnswer(at: number): Promise<void> {
  const greeted = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(at, '127.0.0.1');
      const end = (answer: boolean) => {
        socket.destroy();
        resolve(answer);
      };
      socket.once('data', () => end(true));
      socket.once('error', () => end(false));
      socket.once('close', () => end(false));
    });
  while (!(await greeted())) await sleep(5);
}
