import type { BuildEvent, Vertex } from '../../build/index.ts';
import { stripControls } from '../text/strip-controls.ts';

/** Shows the progress of builds. */
export interface BuildRenderer {
  /** @param target  whose build it is, where there are several. */
  event(target: string | undefined, event: BuildEvent): void;
  /** Prints what is left. */
  close(): void;
}

/** A vertex's name with its target: `[app builder 2/5] RUN npm ci`. */
export function vertexName(target: string | undefined, { name }: Vertex): string {
  const text = stripControls(name);
  if (target === undefined) return text;
  return text.startsWith('[') ? `[${target} ${text.slice(1)}` : `[${target}] ${text}`;
}
