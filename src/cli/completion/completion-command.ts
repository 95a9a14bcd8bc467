import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { scripts } from './scripts.ts';

const shells = Object.keys(scripts);

/** `compose completion SHELL`. */
export const completionCommand = defineCommand({
  name: 'completion',
  positional: 'SHELL',
  choices: shells,
  summary: 'Print the completion script for a shell: bash, zsh or fish',
  flags: [],
  examples: [
    'source <(compose completion bash)     # for this shell; in ~/.bashrc for all',
    'source <(compose completion zsh)      # in ~/.zshrc, below compinit',
    'compose completion fish > ~/.config/fish/completions/compose.fish',
  ],
  async run(context, [shell]) {
    const script = shell === undefined ? undefined : scripts[shell];
    if (script === undefined) {
      const what = shell === undefined ? 'a shell is needed' : `no completion for "${shell}"`;
      throw new AppError('CLI_USAGE', `${what}: it is one of ${shells.join(', ')}`, {
        hint: `See '${context.program} completion --help'.`,
      });
    }
    context.out(script(context.program));
    return 0;
  },
});
