import { fstatSync } from 'node:fs';
import type { Attachment } from '../../engine/index.ts';
import { DetachWatcher, type KeySequence } from './detach-keys.ts';

export interface FeedOptions {
  /** Looked for in what is typed. */
  readonly detachKeys?: KeySequence;
  readonly onDetach?: () => void;
}

/** Copies standard input to the container until it ends or the returned function is called. */
export function feedInput(
  attachment: Attachment,
  { detachKeys, onDetach }: FeedOptions,
): () => void {
  if (!isStdinFed()) {
    void attachment.write(new Uint8Array(0));
    return () => undefined;
  }
  const input = process.stdin;
  const watcher = detachKeys === undefined ? undefined : new DetachWatcher(detachKeys);
  const forward = (chunk: Buffer) => {
    const passed = watcher === undefined ? chunk : watcher.take(chunk);
    if (passed === undefined) {
      onDetach?.();
      return;
    }
    // A container that does not read holds the input back.
    input.pause();
    const sent = passed.length === 0 ? Promise.resolve() : attachment.write(passed);
    void sent.then(() => input.resume());
  };
  const end = () => void attachment.write(new Uint8Array(0));
  input.on('data', forward).once('end', end);
  return () => {
    input.off('data', forward).off('end', end).pause();
    input.unref?.();
  };
}

/** False where standard input is closed, or /dev/null: it has ended already. */
function isStdinFed(): boolean {
  try {
    const stat = fstatSync(0);
    return !(stat.isCharacterDevice() && stat.rdev === nullDevice);
  } catch {
    // EBADF: it is closed.
    return false;
  }
}

/** Character device 1:3. */
const nullDevice = 0x103;
