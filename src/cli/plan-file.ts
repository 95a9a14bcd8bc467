import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Plan, planToJson, printPlan, type UpRequest } from '../compose/plan/index.ts';
import { AppError } from '../core/index.ts';
import type { CommandContext } from './context.ts';

/** A plan on disk: what `compose plan --out` writes and `up --plan-file` runs. */
export interface StoredPlan {
  readonly version: 1;
  readonly project: string;
  /** What the plan was made for: running it asks for the same. */
  readonly request: UpRequest;
  /** SHA-256 over the whole plan, options of containers included. */
  readonly fingerprint: string;
  /** The steps as `compose plan` prints them, a line each. */
  readonly steps: readonly string[];
}

/** Writes a plan for a later `up --plan-file`. */
export function writePlanFile(
  context: CommandContext,
  path: string,
  plan: Plan,
  request: UpRequest,
): void {
  const stored: StoredPlan = {
    ...(planToJson(plan) as { version: 1; project: string }),
    request,
    fingerprint: fingerprint(plan),
    steps: steps(plan),
  };
  writeFileSync(resolve(context.host.cwd, path), `${JSON.stringify(stored, undefined, 2)}\n`);
}

/** @throws {AppError} `CLI_FILE_MISSING`, `PROJECT_PLAN_INVALID` */
export function readPlanFile(context: CommandContext, path: string): StoredPlan {
  const invalid = (why: string) => new AppError('PROJECT_PLAN_INVALID', `${path}: ${why}`);
  let text: string;
  try {
    text = readFileSync(resolve(context.host.cwd, path), 'utf8');
  } catch (cause) {
    throw new AppError('CLI_FILE_MISSING', `cannot read the plan ${path}`, {
      cause,
      hint: 'Write it with `compose plan --out FILE`.',
    });
  }
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    throw invalid('it is no JSON');
  }
  if (!isStoredPlan(stored)) throw invalid('it is no plan of `compose plan --out`');
  if (stored.version !== 1) throw invalid(`its form ${String(stored.version)} is not known here`);
  return stored;
}

/**
 * Makes sure that what would be done now is what was looked at.
 * @throws {AppError} `PROJECT_PLAN_STALE` with the first steps that differ
 */
export function checkPlanFile(path: string, stored: StoredPlan, plan: Plan): void {
  if (fingerprint(plan) === stored.fingerprint && plan.project === stored.project) return;
  const now = steps(plan);
  const gone = stored.steps.filter((step) => !now.includes(step));
  const fresh = now.filter((step) => !stored.steps.includes(step));
  const shown = [...gone.map((step) => `- ${step}`), ...fresh.map((step) => `+ ${step}`)];
  const details = shown.length === 0 ? ['options of containers'] : shown.slice(0, shownSteps);
  throw new AppError(
    'PROJECT_PLAN_STALE',
    `${path} is not what would be done now; what differs:\n  ${details.join('\n  ')}`,
  );
}

const shownSteps = 10;

function steps(plan: Plan): string[] {
  return printPlan(plan).trimEnd().split('\n').filter(Boolean);
}

function fingerprint({ project, operations }: Plan): string {
  const text = JSON.stringify([project, operations], (_key, value: unknown) =>
    value instanceof Uint8Array ? createHash('sha256').update(value).digest('hex') : value,
  );
  return createHash('sha256').update(text).digest('hex');
}

function isStoredPlan(value: unknown): value is StoredPlan {
  if (typeof value !== 'object' || value === null) return false;
  const { request, fingerprint: hash, steps: lines, project } = value as Partial<StoredPlan>;
  return (
    typeof project === 'string' &&
    typeof hash === 'string' &&
    Array.isArray(lines) &&
    lines.every((line) => typeof line === 'string') &&
    typeof request === 'object' &&
    request !== null &&
    isRequest(request)
  );
}

function isRequest(request: Partial<Record<keyof UpRequest, unknown>>): boolean {
  const policies: unknown[] = ['changed', 'always', 'never'];
  const flags = [
    request.withDependencies,
    request.renewAnonymousVolumes,
    request.start,
    request.allResources,
    request.wait,
  ];
  return (
    Array.isArray(request.services) &&
    request.services.every((name) => typeof name === 'string') &&
    policies.includes(request.recreate) &&
    policies.includes(request.recreateDependencies) &&
    typeof request.scale === 'object' &&
    request.scale !== null &&
    Object.values(request.scale).every((count) => Number.isInteger(count)) &&
    (['warn', 'remove', 'ignore'] as unknown[]).includes(request.orphans) &&
    (request.timeoutS === undefined || typeof request.timeoutS === 'number') &&
    flags.every((flag) => typeof flag === 'boolean')
  );
}
