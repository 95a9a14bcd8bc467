/**
 * Makes the stand-in images that are missing, and nothing else; the tests call it with their own CORACLE_DATA, and with
 * the folder of another images.json than the todo app's.
 */
import { ensureStandInImages } from './setup/stand-in-images.mjs';
import { root, runMain } from './setup.mjs';

await runMain(() => ensureStandInImages(root, process.env, process.argv[2]));
