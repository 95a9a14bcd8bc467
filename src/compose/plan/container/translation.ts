import type { Diagnostic } from '../../../core/index.ts';
import type { Project, Service } from '../../model/index.ts';

/** What the translation of one service reads, and where its findings go. */
export interface Translation {
  readonly project: Project;
  readonly name: string;
  readonly service: Service;
  /** Absolute folder that the paths of the file start from. */
  readonly workingDir: string;
  /** Name of the container that stands for another service of the project in `service:x` references. */
  readonly containerOf: (service: string) => string;
  /** Reports that the value at a path below the service cannot be run: `['logging', 'driver']`. */
  readonly unsupported: (path: readonly string[], message: string) => void;
}

/** Takes findings in a user's file; loading and planning go on and report all. */
export type ReportDiagnostic = (diagnostic: Diagnostic) => void;

/** Leaves out what is `undefined`, which the wire must not carry. */
export function defined<T extends object>(record: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
