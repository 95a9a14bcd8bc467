/** The images that stand in for those of a registry, made from Debian's packages (an images.json beside the stacks that use them). */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, step } from './progress.mjs';
import { hashOf } from './stamp.mjs';

/** Says on an image what it was made from, so that a changed recipe makes it anew. */
const RECIPE_LABEL = 'coracle.recipe';

/**
 * Makes the images that are missing or out of date, all at once.
 * @param env the environment of our commands; `CORACLE_DATA` decides where the images go.
 * @param folder holds images.json and what it copies.
 */
export async function ensureStandInImages(root, env = process.env, folder = 'fixtures/todo-app') {
  const fixture = join(root, folder);
  const { images } = JSON.parse(readFileSync(join(fixture, 'images.json'), 'utf8'));
  const stale = images
    .map((image) => ({
      ...image,
      recipe: hashOf(fixture, Object.keys(image.copy), JSON.stringify(image)),
    }))
    .filter((image) => recipeOf(root, image.name, env) !== image.recipe);
  if (stale.length === 0) return;
  const names = stale.map(({ name }) => name).join(', ');
  await step(`images from Debian packages: ${names}`, async (detail) => {
    await Promise.all(stale.map((image) => bootstrap(root, fixture, image, { env, detail })));
  });
}

function coracle(root) {
  return join(root, 'dist', 'coracle.cjs');
}

function recipeOf(root, name, env) {
  const result = spawnSync(process.execPath, [coracle(root), 'image', 'inspect', name], {
    env,
    encoding: 'utf8',
  });
  if (result.status !== 0) return undefined;
  return JSON.parse(result.stdout)[0].Config?.Labels?.[RECIPE_LABEL];
}

async function bootstrap(root, fixture, image, { env, detail }) {
  const args = ['image', 'bootstrap', image.base, '--name', image.name];
  for (const name of image.include) args.push('--include', name);
  for (const [from, to] of Object.entries(image.copy))
    args.push('--copy', `${join(fixture, from)}:${to}`);
  for (const line of [...image.instructions, `LABEL ${RECIPE_LABEL}=${image.recipe}`])
    args.push('-c', line);
  await run(process.execPath, [coracle(root), ...args], {
    env,
    detail: (text) => detail(`${image.name}: ${text}`),
  });
}
