/** Who is measured: our own commands, and Docker Compose where a Docker Engine answers. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { composeProgram, coracleProgram } from '../test/support/command.ts';

/** The image that every idle container runs; busybox alone. */
export const IMAGE = 'bench/idle:1';

export interface Contestant {
  readonly name: string;
  readonly version: string;
  readonly compose: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Brings {@link IMAGE} in from a root file system's tar. */
  importImage(archive: string): void;
  /** Loads what `docker save` or `coracle save` wrote. */
  loadImage(archive: string): void;
  /** Writes an image of another data folder of ours to an archive; false where there is none. */
  saveFrom(data: string, image: string, archive: string): boolean;
}

/** @param folder holds data and run folders of ours while it is measured. */
export function findContestants(folder: string): Contestant[] {
  const docker = dockerContestant();
  return docker === undefined ? [coracleContestant(folder)] : [coracleContestant(folder), docker];
}

function coracleContestant(folder: string): Contestant {
  const env = {
    ...process.env,
    CORACLE_DATA: join(folder, 'data'),
    CORACLE_RUN: join(folder, 'run'),
  };
  const node = process.execPath;
  return {
    name: 'coracle',
    version: output([node, composeProgram, 'version', '--short'], env) ?? 'unknown',
    compose: [node, composeProgram],
    env,
    importImage: (archive) =>
      must(
        [node, coracleProgram, 'image', 'import', '-c', 'CMD ["sleep","infinity"]', archive, IMAGE],
        env,
      ),
    loadImage: (archive) => must([node, coracleProgram, 'image', 'load', '-i', archive], env),
    saveFrom: (data, image, archive) =>
      output([node, coracleProgram, 'image', 'save', '-o', archive, image], {
        ...env,
        CORACLE_DATA: data,
      }) !== undefined,
  };
}

function dockerContestant(): Contestant | undefined {
  const engine = output(['docker', 'version', '--format', '{{.Server.Version}}'], process.env);
  const compose = output(['docker', 'compose', 'version', '--short'], process.env);
  if (engine === undefined || compose === undefined) return undefined;
  return {
    name: 'docker',
    version: `Engine ${engine}, Compose ${compose}`,
    compose: ['docker', 'compose'],
    env: process.env,
    importImage: (archive) =>
      must(['docker', 'import', '-c', 'CMD ["sleep","infinity"]', archive, IMAGE], process.env),
    loadImage: (archive) => must(['docker', 'load', '-i', archive], process.env),
    saveFrom: () => false,
  };
}

/** Writes a root file system of one static busybox and returns its tar. */
export function makeIdleImage(folder: string): string {
  const root = join(folder, 'idle');
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp'])
    mkdirSync(join(root, name), { recursive: true });
  cpSync('/bin/busybox', join(root, 'bin/busybox'), { dereference: true });
  for (const name of ['sh', 'sleep', 'true']) symlinkSync('busybox', join(root, 'bin', name));
  const archive = join(folder, 'idle.tar');
  must(['tar', '-C', root, '-cf', archive, '.'], process.env);
  return archive;
}

function output(argv: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const [program = '', ...args] = argv;
  const result = spawnSync(program, args, { env, encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

function must(argv: readonly string[], env: NodeJS.ProcessEnv): void {
  const [program = '', ...args] = argv;
  const result = spawnSync(program, args, { env, encoding: 'utf8' });
  if (result.status !== 0)
    throw new Error(`${argv.join(' ')} failed\n${result.stdout}${result.stderr}`);
}
