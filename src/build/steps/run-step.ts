import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isAppError } from '../../core/index.ts';
import { digestKey } from '../cache/digest-key.ts';
import type { StepCache, StepRecord } from '../cache/step-cache.ts';
import { dockerfileError } from '../dockerfile/dockerfile-error.ts';
import type { Run, Stage } from '../dockerfile/instructions.ts';
import { proxyArgs } from '../graph/build-args.ts';
import type { BuildRun } from '../graph/build-run.ts';
import { type FileState, layerFolders } from '../graph/file-state.ts';
import { commandWords, defaultPath } from '../graph/image-config.ts';
import type { VertexReporter } from '../progress.ts';
import { cachedStep } from './cached-step.ts';
import { layerGone } from './file-source.ts';
import { type MountWork, type ResolvedMount, resolveMount, secretsFolder } from './run-mounts.ts';
import { runScript } from './run-script.ts';
import { ensureScaffold, mountScaffold } from './scaffold.ts';

/** What a RUN finds in its stage. */
export interface RunPlace {
  readonly stage: Stage;
  readonly state: FileState;
  /** Variables of the image, then arguments. */
  readonly env: ReadonlyMap<string, string>;
  readonly workingDir: string;
  readonly user: string;
  readonly shell: readonly string[] | undefined;
  readonly noCache: boolean;
}

/**
 * Runs an instruction in a container of its own; what it changed is the new layer.
 * @throws {AppError} `BUILD_STEP_FAILED` with the step's output, `BUILD_NOT_ALLOWED`, …
 */
export async function runStep(
  run: BuildRun,
  instruction: Run,
  place: RunPlace,
  reporter: VertexReporter,
): Promise<{ readonly key: string; readonly record: StepRecord }> {
  checkAllowed(run, instruction);
  const resolved = await Promise.all(
    instruction.mounts.map((mount) => resolveMount(run, mount, place)),
  );
  const mounts = resolved.filter((mount): mount is ResolvedMount => mount !== undefined);
  const script = runScript(instruction);
  const args =
    script.file === undefined ? commandWords(script.command, place.shell) : [script.file.path];
  const env = new Map(place.env);
  if (!env.has('PATH')) env.set('PATH', defaultPath);
  const { options } = run;
  const key = digestKey(
    'run',
    place.state.id,
    args,
    script.file ?? '',
    [...env],
    place.workingDir,
    place.user,
    mounts.map((mount) => mount.key),
    network(run, instruction),
    isInsecure(run, instruction),
    options.extraHosts ?? [],
    options.shmSizeBytes ?? 0,
    options.ulimits ?? [],
  );
  const extra = [...proxyArgs(run.args), ...mounts.flatMap((mount) => mount.env)];
  for (const [name, value] of extra) if (!env.has(name)) env.set(name, value);
  const record = await cachedStep(run, {
    key,
    text: instruction.original,
    noCache: place.noCache,
    reporter,
    produce: (work) =>
      run.shared.limit(() =>
        execute(run, instruction, { ...place, env }, { args, script, mounts, work, reporter }),
      ),
  });
  return { key, record };
}

interface Execution {
  readonly args: readonly string[];
  readonly script: ReturnType<typeof runScript>;
  readonly mounts: readonly ResolvedMount[];
  readonly work: ReturnType<StepCache['openWork']>;
  readonly reporter: VertexReporter;
}

async function execute(
  run: BuildRun,
  instruction: Run,
  place: RunPlace,
  { args, script, mounts, work, reporter }: Execution,
): Promise<void> {
  const { options } = run;
  const mountWork: MountWork = {
    folder: work.folder,
    secrets: secretsFolder(run, basename(work.folder)),
    cleanUp: [
      () => rmSync(secretsFolder(run, basename(work.folder)), { recursive: true, force: true }),
    ],
  };
  try {
    const ready = [];
    for (const [index, mount] of mounts.entries())
      ready.push(...(await mount.prepare(mountWork, index)));
    if (script.file !== undefined) ready.push(script.file.mount(work.folder));
    const lower = layerFolders(place.state, run.cache);
    if (lower === undefined) throw layerGone();
    const own = ready.length === 0 ? [] : [mountScaffold(join(work.folder, 'scaffold'), ready)];
    const { exitCode } = await run.builder.runStep({
      layers: [...lower, ...own, ensureScaffold(run.builder.roots)],
      args,
      env: Array.from(place.env, ([name, value]) => `${name}=${value}`),
      cwd: place.workingDir,
      user: place.user,
      mounts: ready,
      network: network(run, instruction),
      extraHosts: options.extraHosts ?? [],
      ulimits: options.ulimits ?? [],
      insecure: isInsecure(run, instruction),
      ...(options.shmSizeBytes === undefined ? {} : { shmSizeBytes: options.shmSizeBytes }),
      ...(options.memoryBytes === undefined ? {} : { memoryBytes: options.memoryBytes }),
      onOutput: (stream, text, partial) =>
        reporter.output(stream, `${Buffer.from(text).toString('utf8')}${partial ? '' : '\n'}`),
      signal: run.signal,
      upper: work.upper,
    });
    run.signal.throwIfAborted();
    if (exitCode !== 0)
      throw failed(instruction.range, args, reporter, `exit code: ${exitCode}`, { exitCode });
  } catch (error) {
    throw explained(error, instruction, args, reporter);
  } finally {
    for (const step of mountWork.cleanUp.reverse()) await step();
  }
}

/** A failure of the runtime at the instruction that it belongs to. */
function explained(
  error: unknown,
  { range }: Run,
  args: readonly string[],
  reporter: VertexReporter,
): unknown {
  if (!isAppError(error) || error.details.range !== undefined) return error;
  const isCommand =
    error.code === 'NATIVE_COMMAND_NOT_FOUND' || error.code === 'NATIVE_COMMAND_NOT_EXECUTABLE';
  if (isCommand) return failed(range, args, reporter, error.message, { cause: error });
  return dockerfileError(range, error.message, {
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  });
}

function failed(
  range: Run['range'],
  args: readonly string[],
  reporter: VertexReporter,
  why: string,
  { exitCode, cause }: { readonly exitCode?: number; readonly cause?: unknown },
): Error {
  const command = args.join(' ').split('\n')[0] ?? '';
  return dockerfileError(range, `process "${command}" did not complete successfully: ${why}`, {
    code: 'BUILD_STEP_FAILED',
    cause,
    details: {
      step: reporter.name,
      log: reporter.log(),
      ...(exitCode === undefined ? {} : { stepExitCode: exitCode }),
    },
  });
}

function isInsecure({ options }: BuildRun, { security }: Run): boolean {
  return security === 'insecure' || (options.privileged ?? false);
}

function network({ options }: BuildRun, { network: own }: Run): string {
  return own === 'default' ? (options.network ?? 'default') : own;
}

function checkAllowed(run: BuildRun, { network: own, security, flagRanges, range }: Run): void {
  const allowed = run.options.entitlements ?? new Set<string>();
  if (own === 'host' && run.options.network !== 'host' && !allowed.has('network.host')) {
    throw notAllowed('network.host', flagRanges.network ?? range);
  }
  if (security === 'insecure' && !run.options.privileged && !allowed.has('security.insecure')) {
    throw notAllowed('security.insecure', flagRanges.security ?? range);
  }
}

function notAllowed(entitlement: string, range: Run['range']): Error {
  return dockerfileError(range, `${entitlement} is not allowed`, { code: 'BUILD_NOT_ALLOWED' });
}
