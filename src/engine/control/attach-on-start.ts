import type { Attachment } from '../../runtime/index.ts';
import type { EngineContext } from '../engine-context.ts';

export type { Attachment };

/**
 * Attaches to a container from before the first byte of its next start by this engine: nothing that it writes is missed.
 * @param name  its name; it need not exist yet.
 * @returns rejects where the start fails.
 */
export function attachOnStart(
  context: EngineContext,
  name: string,
  { stdin }: { stdin: boolean },
): Promise<Attachment> {
  const attachment = new Promise<Attachment>((resolve, reject) => {
    context.startAttachments.set(name, { stdin, resolve, reject });
  });
  // The start itself reports the failure.
  attachment.catch(() => undefined);
  return attachment;
}
