import type { Copy, Run } from '../dockerfile/instructions.ts';
import { runScript } from '../steps/run-script.ts';
import { commandWords, type StageConfig } from './image-config.ts';
import type { Expander, MetadataInstruction } from './metadata.ts';

/** An instruction as the image's history tells it, in the forms of `docker history`: variables replaced, lists without commas. */
export function metadataText(
  instruction: MetadataInstruction,
  { execution }: StageConfig,
  { word, words }: Expander,
): string {
  const { kind, original } = instruction;
  switch (instruction.kind) {
    case 'ENV':
    case 'LABEL':
      return `${kind} ${instruction.pairs.map(({ key, value }) => `${word(key)}=${word(value)}`).join(' ')}`;
    case 'CMD':
      return `CMD ${quoted(execution.Cmd ?? [])}`;
    case 'ENTRYPOINT':
      return `ENTRYPOINT ${quoted(execution.Entrypoint ?? [])}`;
    case 'EXPOSE':
      return `EXPOSE [${instruction.words.flatMap(words).join(' ')}]`;
    case 'VOLUME':
      return `VOLUME [${instruction.words.map(word).join(' ')}]`;
    case 'SHELL':
      return `SHELL [${instruction.words.map(({ text }) => text).join(' ')}]`;
    case 'USER':
    case 'STOPSIGNAL':
      return `${kind} ${word(instruction.value)}`;
    default:
      return original;
  }
}

/** @param prefix  the arguments that the command may use. */
export function runText(instruction: Run, prefix: string, shell: readonly string[] | undefined) {
  const { command, file } = runScript(instruction);
  const words = commandWords(
    file === undefined ? command : { form: 'shell', line: file.path },
    shell,
  );
  return `RUN ${prefix}${words.join(' ')}`;
}

export function copyText(instruction: Copy, word: Expander['word']): string {
  const { kind, from, chown, chmod, link, sources, heredocs, target } = instruction;
  const flags = [
    ...(from === undefined ? [] : [`--from=${from.text}`]),
    ...(chown === undefined ? [] : [`--chown=${word(chown)}`]),
    ...(chmod === undefined ? [] : [`--chmod=${word(chmod)}`]),
    ...(link ? ['--link'] : []),
  ];
  const files = [...heredocs.map(({ name }) => `<<${name}`), ...sources.map(word)];
  return [kind, ...flags, ...files, word(target)].join(' ');
}

function quoted(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(' ')}]`;
}
