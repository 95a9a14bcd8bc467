import type { ComposeEngine } from '../engine/index.ts';
import type { WatchRule } from './rule.ts';

/** What the command of a sync+exec rule came to. */
export interface HookOutcome {
  readonly command: readonly string[];
  readonly exitCode: number;
  /** Standard output, then standard error. */
  readonly output: string;
}

/** Runs a rule's command in a container, to its end. @throws {AppError} where it cannot be started at all. */
export async function runHook(
  engine: ComposeEngine,
  container: string,
  { definition: { exec } }: WatchRule,
): Promise<HookOutcome> {
  const command = exec?.command ?? [];
  const result = await engine.exec(container, {
    argv: command,
    stdio: 'collect',
    env: Object.entries(exec?.environment ?? {}).map(([name, value]) => `${name}=${value ?? ''}`),
    ...(exec?.user === undefined ? {} : { user: exec.user }),
    ...(exec?.privileged ? { privileged: true } : {}),
    ...(exec?.working_dir === undefined ? {} : { workingDir: exec.working_dir }),
  });
  return { command, exitCode: result.exitCode, output: result.stdout + result.stderr };
}
