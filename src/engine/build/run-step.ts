import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { type NativeClient, readLogBatches } from '../../runtime/index.ts';
import {
  containerPaths,
  newContainerId,
  openContainerFolder,
  writeUnpublished,
} from '../../state/index.ts';
import type { ContainerRecord } from '../container-record.ts';
import { cleanUp } from '../control/clean-up.ts';
import { writeContainerBundle } from '../create/bundle.ts';
import type { EngineContext } from '../engine-context.ts';
import { ensureBridges } from '../networks/ensure-bridges.ts';
import { reserveEndpoints } from '../networks/reserve-endpoints.ts';
import { readContainerState } from '../observe/read-state.ts';
import { isRunning } from '../observe/running.ts';
import { stepRecord } from './step-record.ts';

/** One step of a build. */
export interface StepRequest {
  /** Folders, topmost first; never empty. */
  readonly layers: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: string;
  readonly mounts: readonly (
    | {
        readonly type: 'bind';
        readonly source: string;
        readonly target: string;
        readonly readOnly: boolean;
      }
    | { readonly type: 'tmpfs'; readonly target: string; readonly sizeBytes?: number }
  )[];
  /** `default`, `none`, `host`, or a network's name. */
  readonly network: string;
  readonly extraHosts: readonly string[];
  readonly shmSizeBytes?: number;
  readonly ulimits: readonly {
    readonly name: string;
    readonly soft: number;
    readonly hard: number;
  }[];
  /** All capabilities, no system call filter. */
  readonly insecure: boolean;
  readonly memoryBytes?: number;
  /** Lines in their order, the line end left out; `partial`: the line goes on. */
  readonly onOutput: (stream: 'stdout' | 'stderr', text: Uint8Array, partial: boolean) => void;
  readonly signal?: AbortSignal;
  /** Empty folder that gets what the step has changed, if it ends with exit code 0. */
  readonly upper: string;
}

export interface StepResult {
  readonly exitCode: number;
}

/**
 * Runs a step to its end. Its container never becomes one that exists: its folder stays what a folder under construction is, so that
 * it is in no listing, and is cleaned up like one that was being created if this process is killed.
 * @throws {AppError} `NATIVE_COMMAND_NOT_FOUND`, `NETWORK_NOT_FOUND`, …
 */
export async function runStep(context: EngineContext, step: StepRequest): Promise<StepResult> {
  const { roots } = context;
  step.signal?.throwIfAborted();
  const id = newContainerId();
  const folder = openContainerFolder(roots, id);
  let record = stepRecord(context, id, step);
  try {
    const requests =
      record.networkMode.kind === 'bridge'
        ? [
            {
              network: record.hostConfig.NetworkMode as string,
              aliases: [],
              links: [],
              linkLocal: [],
              driverOpts: {},
              gwPriority: 0,
            },
          ]
        : [];
    const endpoints = await reserveEndpoints(context, { id, rememberAs: undefined }, requests, []);
    record = { ...record, endpoints };
    // A repair after a kill reads from it which addresses to give back.
    writeUnpublished(join(folder, 'container.json'), JSON.stringify(record));
    writeContainerBundle(context, record, { folder, layers: step.layers, isPrivate: true });
    await ensureBridges(context, endpoints);
    return await runToEnd(context, record, folder, step);
  } finally {
    await cleanUp(context, record, folder);
  }
}

async function runToEnd(
  context: EngineContext,
  { id }: ContainerRecord,
  folder: string,
  step: StepRequest,
): Promise<StepResult> {
  const { run } = containerPaths(context.roots, id);
  const native = await context.native();
  await native.request('container.start', { dir: folder, run, sharesPids: false });
  const stop = () => void native.control(run, { op: 'stop', timeoutMs: 0 }).catch(() => undefined);
  step.signal?.addEventListener('abort', stop, { once: true });
  try {
    const [exitCode] = await Promise.all([
      exitOf(context, native, id, run),
      readOutput(context, id, folder, run, step),
    ]);
    step.signal?.throwIfAborted();
    if (exitCode === 0) renameSync(join(folder, 'upper'), step.upper);
    return { exitCode };
  } finally {
    step.signal?.removeEventListener('abort', stop);
  }
}

/** A shim that has ended before it could be asked has left its last word in the state. */
async function exitOf(
  context: EngineContext,
  native: NativeClient,
  id: string,
  run: string,
): Promise<number> {
  try {
    const answer = await native.control<{ exitCode: number }>(run, {
      op: 'wait',
      condition: 'exit',
    });
    return answer.exitCode;
  } catch {
    return readContainerState(context.roots, id).exitCode;
  }
}

async function readOutput(
  { roots }: EngineContext,
  id: string,
  folder: string,
  run: string,
  { onOutput }: StepRequest,
): Promise<void> {
  const follow = { runFolder: run, hasEnded: () => !isRunning(readContainerState(roots, id)) };
  for await (const lines of readLogBatches(join(folder, 'log'), { follow })) {
    for (const { stream, line, partial } of lines) onOutput(stream, line, partial);
  }
}
