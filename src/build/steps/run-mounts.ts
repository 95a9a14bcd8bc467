import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { StepMount } from '../build-options.ts';
import { buildPaths } from '../cache/build-paths.ts';
import { digestKey } from '../cache/digest-key.ts';
import { dockerfileError } from '../dockerfile/dockerfile-error.ts';
import { ExpansionError, expandWord } from '../dockerfile/expand.ts';
import type { RunMount, Stage } from '../dockerfile/instructions.ts';
import type { BuildRun } from '../graph/build-run.ts';
import { checkPlainName } from '../graph/stage-names.ts';
import { applyTree } from '../native/tree.ts';
import { copyOperations } from './copy-operations.ts';
import { contextSource, type FileSource } from './file-source.ts';
import { secretContent, sshSocket } from './secrets.ts';

/** Where a step's mounts put what they need, and what is to be done after it. */
export interface MountWork {
  /** A folder of this step's. */
  readonly folder: string;
  /** A folder of this step's in memory. */
  readonly secrets: string;
  readonly cleanUp: (() => void | Promise<void>)[];
}

/** A mount with its variables replaced and its source known. */
export interface ResolvedMount {
  /** What the step's cache key depends on. */
  readonly key: unknown;
  /** Makes it ready; called when the step really runs. */
  readonly prepare: (work: MountWork, index: number) => Promise<readonly StepMount[]>;
  /** Variables that the step gets. */
  readonly env: readonly [string, string][];
}

interface Place {
  readonly stage: Stage;
  readonly env: ReadonlyMap<string, string>;
  readonly workingDir: string;
}

/**
 * Resolves one `RUN --mount`.
 * @returns undefined where it is left out: a secret that is not required and was not given.
 * @throws {AppError} `BUILD_SECRET_MISSING`, `BUILD_SOURCE_MISSING`, `BUILD_DOCKERFILE_INVALID`
 */
export async function resolveMount(
  run: BuildRun,
  mount: RunMount,
  place: Place,
): Promise<ResolvedMount | undefined> {
  const options = expandOptions(run, mount, place);
  const target =
    options.target === undefined ? '' : posix.resolve('/', place.workingDir, options.target);
  const expanded = { ...mount, options: { ...options, target } };
  switch (mount.type) {
    case 'bind':
      return bindMount(run, expanded, place);
    case 'cache':
      return cacheMount(run, expanded, place);
    case 'tmpfs':
      return tmpfsMount(expanded);
    case 'secret':
      return secretMount(run, expanded);
    case 'ssh':
      return sshMount(run, expanded);
  }
}

function expandOptions(
  run: BuildRun,
  { options, range }: RunMount,
  { env }: Place,
): Record<string, string> {
  const { escapeChar } = run.dockerfile;
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => {
      if (key === 'from') return [key, checkPlainName(value, range)];
      try {
        return [key, expandWord(value, { env, escapeChar })];
      } catch (error) {
        if (!(error instanceof ExpansionError)) throw error;
        throw dockerfileError(range, error.message, { cause: error });
      }
    }),
  );
}

async function sourceOf(
  run: BuildRun,
  { options, range }: RunMount,
  { stage }: Place,
): Promise<FileSource> {
  if (options.from !== undefined) return run.source(options.from, range, stage);
  return contextSource(await run.context(), run.hashes);
}

async function bindMount(run: BuildRun, mount: RunMount, place: Place): Promise<ResolvedMount> {
  const { options, range } = mount;
  const path = (options.source ?? '').replace(/^\/+/, '');
  const source = await sourceOf(run, mount, place);
  const entries = await source.list([path], run.signal);
  const [top] = entries;
  if (top === undefined) {
    throw dockerfileError(range, `"/${path}": not found`, { code: 'BUILD_SOURCE_MISSING' });
  }
  const readOnly = options.readwrite !== 'true' || options.readonly === 'true';
  const content = digestKey(
    entries.map(({ path: below, type, mode, uid, gid, hash, target }) => [
      below,
      type,
      mode,
      uid,
      gid,
      hash,
      target,
    ]),
  );
  return {
    env: [],
    key: ['bind', content, options.target, readOnly],
    // A copy: what is ignored stays out, links lead nowhere, and what the step writes is thrown away.
    prepare: async ({ folder }, index) => {
      const copy = join(folder, `bind-${index}`);
      mkdirSync(copy, { mode: 0o755 });
      await applyTree(
        run.builder.native,
        {
          target: { folder: copy },
          roots: [source.root()],
          owners: ['0:0'],
          ops: copyOperations(entries, {
            target: top.type === 'dir' ? '/' : '/file',
            parents: false,
            skip: [],
            exclude: [],
            chmod: undefined,
            owner: source.keepsOwners ? undefined : 0,
            root: 0,
            xattrs: source.keepsOwners,
          }),
        },
        run.signal,
      );
      const from = top.type === 'dir' ? copy : join(copy, 'file');
      return [{ type: 'bind', source: from, target: options.target ?? '/', readOnly }];
    },
  };
}

async function cacheMount(run: BuildRun, mount: RunMount, place: Place): Promise<ResolvedMount> {
  const { options } = mount;
  const id = options.id || options.target || '';
  const seed =
    options.from === undefined && options.source === undefined
      ? undefined
      : await sourceOf(run, mount, place);
  const seedPath = (options.source ?? '').replace(/^\/+/, '');
  return {
    env: [],
    // What lies in it does not count: a cache may be empty at any time.
    key: ['cache', id, options.target, options.readonly ?? ''],
    prepare: async (work, index) => {
      const { takeCacheFolder } = await import('./cache-folders.ts');
      const folder = await takeCacheFolder(
        run,
        digestKey('mount', id),
        options.sharing ?? 'shared',
        work,
      );
      const isNew = mkdirNew(folder);
      if (isNew) {
        chownSync(folder, Number(options.uid ?? 0), Number(options.gid ?? 0));
        chmodSync(folder, Number.parseInt(options.mode ?? '755', 8));
        if (seed !== undefined) await fill(run, seed, seedPath, folder);
      }
      void index;
      return [
        {
          type: 'bind',
          source: folder,
          target: options.target ?? '/',
          readOnly: options.readonly === 'true',
        },
      ];
    },
  };
}

async function fill(run: BuildRun, seed: FileSource, path: string, folder: string): Promise<void> {
  const entries = await seed.list([path], run.signal);
  const ops = copyOperations(entries, {
    target: '/',
    parents: false,
    skip: [],
    exclude: [],
    chmod: undefined,
    owner: seed.keepsOwners ? undefined : 0,
    root: 0,
    xattrs: seed.keepsOwners,
  });
  const change = { target: { folder }, roots: [seed.root()], owners: ['0:0'], ops };
  await applyTree(run.builder.native, change, run.signal);
}

function mkdirNew(folder: string): boolean {
  return mkdirSync(folder, { recursive: true, mode: 0o755 }) !== undefined;
}

function tmpfsMount({ options, range }: RunMount): ResolvedMount {
  const [, digits, unit = ''] = /^(\d+)([kmg]?)b?$/i.exec(options.size ?? '') ?? [];
  if (options.size !== undefined && digits === undefined) {
    throw dockerfileError(range, `invalid size "${options.size}"`);
  }
  const factor = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[unit.toLowerCase()] ?? 1;
  const size = digits === undefined ? {} : { sizeBytes: Number(digits) * factor };
  return {
    env: [],
    key: ['tmpfs', options.target, size],
    prepare: async () => [{ type: 'tmpfs', target: options.target ?? '/', ...size }],
  };
}

function secretMount(run: BuildRun, { options, range }: RunMount): ResolvedMount | undefined {
  const id = options.id || posix.basename(options.target ?? '');
  const content = secretContent(run.options.secrets?.[id], id, range);
  if (content === undefined) {
    if (options.required !== 'true') return undefined;
    throw dockerfileError(range, `secret ${id}: not found`, { code: 'BUILD_SECRET_MISSING' });
  }
  const target = options.target || (options.env === undefined ? `/run/secrets/${id}` : '');
  const { uid = 0, gid = 0, mode = 0o400 } = run.options.secrets?.[id] ?? {};
  return {
    env: options.env === undefined ? [] : [[options.env, content.toString('utf8')]],
    // Its content never counts: a secret that was changed builds nothing anew.
    key: ['secret', id, target, options.env ?? ''],
    prepare: async ({ secrets }, index) => {
      if (target === '') return [];
      const path = join(secrets, `secret-${index}`);
      mkdirSync(secrets, { recursive: true, mode: 0o700 });
      writeFileSync(path, content, { mode: 0o400, flag: 'wx' });
      chownSync(path, Number(options.uid ?? uid), Number(options.gid ?? gid));
      chmodSync(path, options.mode === undefined ? mode : Number.parseInt(options.mode, 8));
      return [{ type: 'bind', source: path, target, readOnly: true }];
    },
  };
}

function sshMount(run: BuildRun, { options, range }: RunMount): ResolvedMount | undefined {
  const id = options.id || 'default';
  const given = run.options.ssh?.[id];
  if (given === undefined) {
    if (options.required !== 'true') return undefined;
    throw dockerfileError(range, `ssh ${id}: no agent was given`, { code: 'BUILD_SECRET_MISSING' });
  }
  const target = options.target || `/run/buildkit/ssh_agent.${id}`;
  return {
    env: [['SSH_AUTH_SOCK', target]],
    key: ['ssh', id, target],
    prepare: async (work) => [
      { type: 'bind', source: await sshSocket(run, given, range, work), target, readOnly: false },
    ],
  };
}

/** Folder in memory for the secrets of one step. */
export function secretsFolder(run: BuildRun, name: string): string {
  return join(buildPaths(run.builder.roots).secrets, name);
}
