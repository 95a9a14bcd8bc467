/**
 * Images for tests. They are made once per machine and kept in a cache, as making one from Debian packages takes half
 * a minute: `CORACLE_TEST_CACHE`, or /var/cache/coracle-test.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type CommandResult, coracleProgram, repository, runCommand } from './command.ts';
import { dockerUnderTest } from './docker-world.ts';

/** A data folder that holds nothing but images. */
export const imageCache = process.env.CORACLE_TEST_CACHE || '/var/cache/coracle-test';

/** busybox and dig: small, starts at once, asks name servers. */
export const TOOLS_IMAGE = 'test/tools:1';

const RECIPE_LABEL = 'coracle.recipe';

/** Makes {@link TOOLS_IMAGE} from this machine's own programs where it is missing. */
export async function ensureToolsImage(): Promise<void> {
  const libraries = await sharedLibraries('/usr/bin/dig');
  const recipe = createHash('sha256').update(libraries.join('\n')).digest('hex');
  const docker = dockerUnderTest();
  if (docker === undefined && (await recipeOf(TOOLS_IMAGE)) === recipe) return;
  const folder = mkdtempSync(join(tmpdir(), 'coracle-tools-'));
  try {
    const root = join(folder, 'root');
    await fillToolsRoot(root, libraries);
    const archive = join(folder, 'root.tar');
    await must(['tar', '-C', root, '-cf', archive, '.']);
    if (docker !== undefined) {
      docker.importImage(archive, TOOLS_IMAGE, ['CMD ["sleep", "infinity"]']);
      return;
    }
    await coracle(
      ...['image', 'import', '-c', 'CMD ["sleep", "infinity"]'],
      ...['-c', `LABEL ${RECIPE_LABEL}=${recipe}`, archive, TOOLS_IMAGE],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One static program that waits for its end, and nothing else: no shell, no folder, no user list. */
export const STATIC_IMAGE = 'test/static:1';

/** Makes {@link STATIC_IMAGE} where it is missing. */
export async function ensureStaticImage(): Promise<void> {
  if ((await recipeOf(STATIC_IMAGE)) === 'static') return;
  const folder = mkdtempSync(join(tmpdir(), 'coracle-static-'));
  try {
    const source = join(folder, 'wait.c');
    writeFileSync(source, '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n');
    mkdirSync(join(folder, 'root'));
    await must(['gcc', '-static', '-O1', '-o', join(folder, 'root/wait'), source]);
    const archive = join(folder, 'root.tar');
    await must(['tar', '-C', join(folder, 'root'), '-cf', archive, 'wait']);
    await coracle(
      ...['image', 'import', '-c', 'CMD ["/wait"]', '-c', `LABEL ${RECIPE_LABEL}=static`],
      ...[archive, STATIC_IMAGE],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Makes the images of the todo app where they are missing; the first time takes a minute. */
export async function ensureStandInImages(): Promise<void> {
  await must([process.execPath, join(repository, 'scripts/stand-in-images.mjs')], {
    ...process.env,
    CORACLE_DATA: imageCache,
  });
}

/** Makes the images of `fixtures/scenarios/stacks` where they are missing; the first time takes minutes. */
export async function ensureStackImages(): Promise<void> {
  await ensureStandInImages();
  await must(
    [
      process.execPath,
      join(repository, 'scripts/stand-in-images.mjs'),
      'fixtures/scenarios/stacks',
    ],
    { ...process.env, CORACLE_DATA: imageCache },
  );
}

async function fillToolsRoot(root: string, libraries: readonly string[]): Promise<void> {
  for (const folder of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'root', 'usr/bin']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n',
  );
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  cpSync('/bin/busybox', join(root, 'bin/busybox'), { dereference: true });
  const { stdout } = await must(['/bin/busybox', '--list']);
  for (const applet of stdout.trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  }
  cpSync('/usr/bin/dig', join(root, 'usr/bin/dig'), { dereference: true });
  for (const library of libraries) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    cpSync(library, join(root, dirname(library), basename(library)), { dereference: true });
  }
}

/** Absolute paths of what the dynamic loader maps for a program, the loader among them. */
async function sharedLibraries(program: string): Promise<string[]> {
  const { stdout } = await must(['ldd', program]);
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '').sort();
}

async function recipeOf(name: string): Promise<string | undefined> {
  const { code, stdout } = await runCommand(
    [process.execPath, coracleProgram, 'image', 'inspect', name],
    {
      env: { ...process.env, CORACLE_DATA: imageCache },
    },
  );
  if (code !== 0) return undefined;
  const [image] = JSON.parse(stdout) as { Config?: { Labels?: Record<string, string> | null } }[];
  return image?.Config?.Labels?.[RECIPE_LABEL];
}

async function coracle(...args: string[]): Promise<void> {
  await must([process.execPath, coracleProgram, ...args], {
    ...process.env,
    CORACLE_DATA: imageCache,
  });
}

async function must(argv: readonly string[], env?: NodeJS.ProcessEnv): Promise<CommandResult> {
  const result = await runCommand(argv, {
    timeoutMs: 600_000,
    ...(env === undefined ? {} : { env }),
  });
  if (result.code === 0) return result;
  throw new Error(`${argv.join(' ')} failed (${result.code})\n${result.stdout}${result.stderr}`);
}
