import { AppError, parseGoDuration } from '../../core/index.ts';

/** What is known of an image before it is asked for. */
export interface ImageAge {
  readonly isStored: boolean;
  /** When its registry was last asked for it; undefined for never. */
  readonly pulledMs: number | undefined;
  readonly nowMs: number;
  /** `pull_refresh_after`, for the policy `refresh`. */
  readonly refreshAfter?: string | undefined;
}

const dayMs = 24 * 60 * 60 * 1000;
const spans: Readonly<Record<string, number>> = { daily: dayMs, weekly: 7 * dayMs };

/**
 * True where a `pull_policy` (or `--pull`) wants the registry asked before a service starts.
 * @throws {AppError} `CLI_USAGE` for a policy that there is not
 */
export function wantsPull(policy: string | undefined, age: ImageAge): boolean {
  switch (policy) {
    case 'always':
      return true;
    case 'refresh':
      return isDue(age, age.refreshAfter === undefined ? dayMs : durationMs(age.refreshAfter));
    case 'never':
    case 'build':
      return false;
    case undefined:
    case '':
    case 'missing':
    case 'if_not_present':
      return !age.isStored;
    default:
      return isDue(age, spanOf(policy));
  }
}

function isDue({ isStored, pulledMs, nowMs }: ImageAge, spanMs: number): boolean {
  return !isStored || pulledMs === undefined || nowMs - pulledMs >= spanMs;
}

/** `daily`, `weekly`, `every_12h`, `every_1w2d`. */
function spanOf(policy: string): number {
  const named = spans[policy];
  if (named !== undefined) return named;
  const text = /^every_(.+)$/.exec(policy)?.[1];
  if (text === undefined) {
    throw new AppError('CLI_USAGE', `pull policy "${policy}" is none that there is`, {
      hint: 'It is always, missing, never, build, daily, weekly or every_<duration>.',
    });
  }
  return durationMs(text);
}

function durationMs(text: string): number {
  const ns = parseGoDuration(text);
  if (ns !== undefined) return ns / 1e6;
  throw new AppError('CLI_USAGE', `"${text}" is no duration to pull an image after`);
}
