/**
 * `npm start`: from a fresh clone to the todo app in the browser. Sets everything up, brings the stack of
 * fixtures/todo-app up, waits until it answers, and says what to type next.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { provideDemoImages } from './setup/demo-images.mjs';
import { SetupError, step } from './setup/progress.mjs';
import { root, runMain, setUp } from './setup.mjs';

const URL_OF_APP = 'http://127.0.0.1:3000';
const ANSWER_TIMEOUT_MS = 90_000;
const FIXTURE = join(root, 'fixtures', 'todo-app');

async function main() {
  await setUp();
  if (process.getuid() !== 0) {
    throw new SetupError('Containers need root for now. Type this instead:\n\n  sudo npm start');
  }
  const note = await provideDemoImages(root);
  const code = compose('up', '-d', '--build');
  if (code !== 0) return code;
  await step('waiting for the app', untilItAnswers).catch((error) => {
    compose('ps', '-a');
    compose('logs', '--tail', '20');
    throw error;
  });
  console.log();
  compose('ps');
  if (note !== undefined) console.log(`\n${note}`);
  console.log(`
The todo app answers at ${URL_OF_APP}

What next:
  cd fixtures/todo-app
  npx compose logs -f       follow what both services print
  npx compose exec mysql mysql -uroot -psecret todos
  npx compose down          stop and remove; the todos stay in their volume (-v: they go, too)`);
  return 0;
}

/** Runs our `compose` in the fixture, on this terminal; returns its exit code. */
function compose(...args) {
  const program = join(root, 'dist', 'compose.cjs');
  const result = spawnSync(process.execPath, [program, ...args], {
    cwd: FIXTURE,
    stdio: 'inherit',
  });
  return result.status ?? 1;
}

async function untilItAnswers() {
  const deadline = Date.now() + ANSWER_TIMEOUT_MS;
  for (;;) {
    const answer = await fetch(`${URL_OF_APP}/items`, { signal: AbortSignal.timeout(2000) }).catch(
      (error) => error,
    );
    if (answer.status === 200) return;
    if (Date.now() > deadline) {
      const why = answer.status ?? answer.cause?.code ?? answer.message;
      throw new SetupError(
        `${URL_OF_APP}/items did not answer in ${ANSWER_TIMEOUT_MS / 1000} s (${why}).`,
      );
    }
    await sleep(50);
  }
}

await runMain(main);
