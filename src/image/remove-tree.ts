import { rmSync } from 'node:fs';

/**
 * Removes an unfinished or unused layer folder. It holds what an archive holds, and no mount can be in it, as
 * nothing ever runs there; rmSync does not follow links.
 */
export function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
