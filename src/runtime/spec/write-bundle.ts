import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { containerPaths, type StateRoots, writeFileAtomic, writeNamed } from '../../state/index.ts';
import type { RuntimeContainer } from './input.ts';
import { ociSpec } from './oci-spec.ts';
import type { OciSpec } from './oci-spec.wire.ts';
import { shimSpec } from './shim-spec.ts';

/**
 * Writes config.json and shim.json into `folder` and makes the overlay's folders there.
 *
 * The paths inside the files are those of `<data>/containers/<id>`, whatever `folder` is: it may be the one in which the container
 * is prepared before a rename publishes it. One that is never published (`isPrivate`) stays in `folder`, and of its start and end
 * nobody is told.
 * @throws {AppError} `RUNTIME_SPEC_INVALID`, `RUNTIME_SECCOMP_PROFILE_INVALID`
 */
export function writeBundle(
  roots: StateRoots,
  folder: string,
  container: RuntimeContainer,
  isPrivate = false,
): void {
  const home = isPrivate ? folder : containerPaths(roots, container.id).dir;
  const config = ociSpec(container, home, process.arch);
  const shim = shimSpec(container, home, roots, isPrivate ? '/dev/null' : undefined);
  for (const name of ['upper', 'work', 'rootfs']) {
    mkdirSync(join(folder, name), { recursive: true, mode: 0o755 });
  }
  writeNamed(join(folder, 'config.json'), specText(config), { mode: 0o600 });
  writeNamed(join(folder, 'shim.json'), JSON.stringify(shim), { mode: 0o600 });
}

/**
 * Replaces config.json and shim.json of a container that may run at this moment: whoever reads one meanwhile finds the old or the
 * new, whole.
 */
export function replaceBundle(roots: StateRoots, container: RuntimeContainer): void {
  const { dir } = containerPaths(roots, container.id);
  const config = specText(ociSpec(container, dir, process.arch));
  writeFileAtomic(join(dir, 'config.json'), config);
  writeFileAtomic(join(dir, 'shim.json'), JSON.stringify(shimSpec(container, dir, roots)));
}

/** RLIM_INFINITY; a JavaScript number cannot hold it. */
const unlimited = '18446744073709551615';

/** The spec as JSON text; a limit of -1 is what the specification writes as the largest 64-bit number. */
function specText(spec: OciSpec): string {
  const marker = '"@unlimited@"';
  const text = JSON.stringify(spec, (key, value: unknown) =>
    (key === 'soft' || key === 'hard') && value === -1 ? marker.slice(1, -1) : value,
  );
  return text.replaceAll(new RegExp(`(?<="(?:soft|hard)":)${marker}`, 'g'), unlimited);
}
