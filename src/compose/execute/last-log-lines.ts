import type { ComposeEngine } from '../../engine/index.ts';

/** Enough to see a stack trace's head or a server's complaint, little enough to read. */
const lineCount = 10;

/**
 * The last lines that a container wrote since its last start, both streams together; empty where it wrote none.
 */
export async function lastLogLines(engine: ComposeEngine, container: string): Promise<string[]> {
  const lines: string[] = [];
  try {
    const { State } = await engine.getContainer(container).inspect();
    const options = { tail: lineCount, ...(State.StartedAt ? { since: State.StartedAt } : {}) };
    for await (const entry of engine.logEntries(container, options)) {
      lines.push(Buffer.from(entry.line).toString('utf8'));
    }
  } catch (error) {
    // The failure that these lines explain matters more than that they cannot be read.
    lines.push(`(its log cannot be read: ${error instanceof Error ? error.message : error})`);
  }
  return lines;
}
