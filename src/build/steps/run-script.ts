import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StepMount } from '../build-options.ts';
import { chompContent } from '../dockerfile/heredoc.ts';
import type { CommandForm, Run } from '../dockerfile/instructions.ts';

/** Where a script that names its interpreter is mounted. */
const scriptFolder = '/dev/pipes';

/** What a RUN executes: a command, or a file of its own. */
export interface RunScript {
  readonly command: CommandForm;
  readonly file:
    | {
        readonly path: string;
        readonly content: string;
        /** Writes it into a folder of the step's and says how it is mounted. */
        readonly mount: (folder: string) => StepMount;
      }
    | undefined;
}

/**
 * A heredoc alone is the script itself, run by the shell or, with `#!`, by what it names; a heredoc that is one word of a command
 * is the shell's to read.
 */
export function runScript({ command, heredocs }: Run): RunScript {
  const [first] = heredocs;
  if (first === undefined || command.form === 'exec') return { command, file: undefined };
  const isAlone = /^<<-?\S+$/.test(command.line.trim());
  if (!isAlone) {
    const bodies = heredocs.map(({ content, name }) => `\n${content}${name}`);
    return { command: { form: 'shell', line: command.line + bodies.join('') }, file: undefined };
  }
  const content = first.chomp ? chompContent(first.content) : first.content;
  if (!content.startsWith('#!'))
    return { command: { form: 'shell', line: content }, file: undefined };
  const path = `${scriptFolder}/${first.name.replace(/\//g, '_')}`;
  return {
    command,
    file: {
      path,
      content,
      mount: (folder) => {
        const script = join(folder, 'script');
        mkdirSync(folder, { recursive: true });
        writeFileSync(script, content, { mode: 0o755 });
        return { type: 'bind', source: script, target: path, readOnly: true };
      },
    },
  };
}
