/**
 * The images of the todo app: those of a registry where one can be reached, else stand-ins from Debian's packages, which `.env` of
 * the fixture then names.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { step } from './progress.mjs';
import { ensureStandInImages } from './stand-in-images.mjs';

/** What compose.yaml names where nothing else is said. */
const REGISTRY_IMAGES = ['node:22-bookworm-slim', 'mysql:8.0'];
const STAND_INS = 'NODE_IMAGE=stand-in/node:18\nMYSQL_IMAGE=stand-in/mysql:8.0\n';
const PULL_TIMEOUT_MS = 300_000;

/** @returns a line for the user where stand-ins are used. */
export async function provideDemoImages(root) {
  const env = join(root, 'fixtures', 'todo-app', '.env');
  const isOurs = existsSync(env) && readFileSync(env, 'utf8') === STAND_INS;
  if (existsSync(env) && !isOurs) return undefined;
  if (await pulled(root)) {
    rmSync(env, { force: true });
    return undefined;
  }
  await ensureStandInImages(root);
  writeFileSync(env, STAND_INS);
  return `No registry can be reached: Node and MySQL are stand-ins made from Debian's packages (the database is MariaDB).
fixtures/todo-app/.env names them; remove it once there is a registry.`;
}

async function pulled(root) {
  const missing = REGISTRY_IMAGES.filter((name) => coracle(root, 'image', 'inspect', name) !== 0);
  if (missing.length === 0) return true;
  return step(`images: ${missing.join(', ')}`, async (detail) => {
    for (const name of missing) {
      if (coracle(root, 'pull', name) === 0) continue;
      detail('no registry can be reached');
      return false;
    }
    return true;
  });
}

function coracle(root, ...args) {
  const program = join(root, 'dist', 'coracle.cjs');
  const { status } = spawnSync(process.execPath, [program, ...args], {
    stdio: 'ignore',
    timeout: PULL_TIMEOUT_MS,
  });
  return status;
}
