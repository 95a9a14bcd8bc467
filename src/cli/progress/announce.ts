import type { CommandContext } from '../context.ts';
import { stripControls } from '../text/strip-controls.ts';

/** Shows one step of a command that has no plan, in Docker Compose's form, where `--progress` lets it. */
export function announce(context: CommandContext, name: string, text: string): void {
  const line = stripControls(text);
  switch (context.options.progress) {
    case 'quiet':
      return;
    case 'json':
      context.err(`${JSON.stringify({ id: name, text: line })}\n`);
      return;
    default:
      context.err(` ${stripControls(name)} ${line}\n`);
  }
}
