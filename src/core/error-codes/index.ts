/**
 * The closed table of error codes (`AREA_SYMPTOM`), one file per area. A code is never re-used and, after
 * a release, never renamed. `docs/errors.md` is generated from it; a test keeps both in step.
 */
import { buildErrorCodes } from './build.ts';
import { cliErrorCodes } from './cli.ts';
import { composeErrorCodes } from './compose.ts';
import { engineErrorCodes } from './engine.ts';
import type { ErrorEntry } from './entry.ts';
import { hostErrorCodes } from './host.ts';
import { imageErrorCodes } from './image.ts';
import { networkErrorCodes } from './network.ts';
import { projectErrorCodes } from './project.ts';
import { registryErrorCodes } from './registry.ts';
import { runtimeErrorCodes } from './runtime.ts';
import { stateErrorCodes } from './state.ts';
import { volumeErrorCodes } from './volume.ts';
import { watchErrorCodes } from './watch.ts';

const table = {
  ...buildErrorCodes,
  ...cliErrorCodes,
  ...composeErrorCodes,
  ...engineErrorCodes,
  ...hostErrorCodes,
  ...imageErrorCodes,
  ...networkErrorCodes,
  ...projectErrorCodes,
  ...registryErrorCodes,
  ...runtimeErrorCodes,
  ...stateErrorCodes,
  ...volumeErrorCodes,
  ...watchErrorCodes,
};

/** Every code an {@link AppError} may carry. */
export type ErrorCode = keyof typeof table;

export const errorCodes: Readonly<Record<ErrorCode, ErrorEntry>> = table;
