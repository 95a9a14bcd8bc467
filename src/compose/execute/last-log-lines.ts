import type { ComposeEngine } from '../../engine/index.ts';

/** Enough to see a stack trace's head or a server's complaint, little enough to read. */
const lineCount = 10;

/** The last lines that a container wrote, both streams together; empty where it never wrote any or is gone. */
export async function lastLogLines(engine: ComposeEngine, container: string): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const entry of engine.logEntries(container, { tail: lineCount })) {
      lines.push(Buffer.from(entry.line).toString('utf8'));
    }
  } catch (error) {
    // The failure that these lines explain matters more than that they cannot be read.
    lines.push(`(its log cannot be read: ${error instanceof Error ? error.message : error})`);
  }
  return lines;
}
