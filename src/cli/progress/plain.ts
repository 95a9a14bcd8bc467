import type { OutputStream } from '../host.ts';
import type { ProgressRenderer } from './renderer.ts';

/** One line a change, as Docker Compose prints where there is no terminal: ` Container todo-mysql-1  Started`. */
export function plainRenderer(stream: OutputStream): ProgressRenderer {
  return {
    event: ({ resource, text, bytes }) => {
      // Where lines stay, only what begins and what ends is worth one.
      if (bytes === undefined) stream.write(` ${resource.kind} ${resource.name}  ${text}\n`);
    },
    close: () => undefined,
  };
}

/** Nothing at all; failures are printed by the command. */
export const quietRenderer: ProgressRenderer = { event: () => undefined, close: () => undefined };

/** One JSON object a change, with Docker Compose's two keys first. */
export function jsonRenderer(stream: OutputStream): ProgressRenderer {
  return {
    event: ({ resource, text, state, atMs, bytes }) => {
      const line = {
        id: `${resource.kind} ${resource.name}`,
        status: text,
        state,
        ms: Math.round(atMs),
        ...bytes,
      };
      stream.write(`${JSON.stringify(line)}\n`);
    },
    close: () => undefined,
  };
}
