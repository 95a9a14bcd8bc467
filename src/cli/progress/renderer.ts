import type { ProgressEvent } from '../../compose/execute/index.ts';

/** Shows progress events. One is made per plan run and closed at its end. */
export interface ProgressRenderer {
  event(event: ProgressEvent): void;
  /** Prints what is left and gives the terminal back. */
  close(): void;
}
