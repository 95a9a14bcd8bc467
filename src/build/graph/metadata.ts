import type { ExecutionConfig } from '../../image/index.ts';
import type { Token } from '../dockerfile/ast.ts';
import { dockerfileError } from '../dockerfile/dockerfile-error.ts';
import type { StageInstruction } from '../dockerfile/instructions.ts';
import { commandWords, exposedPorts, type StageConfig, withEnv } from './image-config.ts';

/** Expands tokens with the variables of this point of the stage. */
export interface Expander {
  word(token: Token): string;
  words(token: Token): string[];
}

/** Instructions that change nothing but the image's configuration. */
export type MetadataInstruction = Exclude<
  StageInstruction,
  { kind: 'RUN' | 'COPY' | 'ADD' | 'ARG' | 'WORKDIR' }
>;

/**
 * Applies one of them.
 * @throws {AppError} `BUILD_DOCKERFILE_INVALID`
 */
export function applyMetadata(
  config: StageConfig,
  instruction: MetadataInstruction,
  expand: Expander,
): void {
  const { execution } = config;
  const set = (change: Partial<ExecutionConfig>) => {
    config.execution = { ...config.execution, ...change };
  };
  switch (instruction.kind) {
    case 'ENV': {
      // All values see the variables from before the instruction.
      const pairs = instruction.pairs.map(
        ({ key, value }) => [expand.word(key), expand.word(value)] as const,
      );
      for (const [key, value] of pairs) set({ Env: withEnv(config.execution.Env, key, value) });
      return;
    }
    case 'LABEL':
      set({
        Labels: {
          ...execution.Labels,
          ...Object.fromEntries(
            instruction.pairs.map(({ key, value }) => [expand.word(key), expand.word(value)]),
          ),
        },
      });
      return;
    case 'CMD':
      config.hasOwnCmd = true;
      set({ Cmd: commandWords(instruction.command, execution.Shell) });
      return;
    case 'ENTRYPOINT': {
      set({ Entrypoint: commandWords(instruction.command, execution.Shell) });
      // A new entry point makes an inherited command meaningless.
      if (!config.hasOwnCmd) config.execution = without(config.execution, 'Cmd');
      return;
    }
    case 'EXPOSE':
      set({ ExposedPorts: { ...execution.ExposedPorts, ...ports(instruction.words, expand) } });
      return;
    case 'VOLUME':
      set({
        Volumes: {
          ...execution.Volumes,
          ...Object.fromEntries(instruction.words.map((word) => [expand.word(word), {}])),
        },
      });
      return;
    case 'USER':
      set({ User: expand.word(instruction.value) });
      return;
    case 'STOPSIGNAL':
      set({ StopSignal: signal(instruction.value, expand) });
      return;
    case 'SHELL':
      set({ Shell: instruction.words.map(({ text }) => text) });
      return;
    case 'MAINTAINER':
      config.author = instruction.value.text;
      return;
    case 'HEALTHCHECK':
      set({ Healthcheck: healthcheck(instruction) });
      return;
    case 'ONBUILD':
      set({ OnBuild: [...(execution.OnBuild ?? []), instruction.trigger] });
  }
}

function ports(words: readonly Token[], expand: Expander): Record<string, object> {
  const found: Record<string, object> = {};
  for (const token of words) {
    for (const word of expand.words(token)) {
      const list = exposedPorts(word);
      if (list === undefined) {
        throw dockerfileError(token.range, `invalid containerPort: ${word}`, {
          hint: 'Write a port or a range, with /tcp or /udp: 8080, 8000-8010/udp.',
        });
      }
      for (const port of list) found[port] = {};
    }
  }
  return found;
}

function signal(token: Token, expand: Expander): string {
  const name = expand.word(token);
  const isName = /^(SIG)?[A-Z][A-Z0-9]*([+-]\d+)?$/i.test(name);
  const isNumber = /^\d+$/.test(name) && Number(name) >= 1 && Number(name) <= 64;
  if (isName || isNumber) return name;
  throw dockerfileError(token.range, `invalid signal: ${name}`);
}

function healthcheck({
  command,
  settings,
}: Extract<StageInstruction, { kind: 'HEALTHCHECK' }>): NonNullable<
  ExecutionConfig['Healthcheck']
> {
  if (command === undefined) return { Test: ['NONE'] };
  const test = command.form === 'exec' ? ['CMD', ...command.words] : ['CMD-SHELL', command.line];
  return { Test: test, ...settings };
}

function without<Key extends keyof ExecutionConfig>(
  config: ExecutionConfig,
  key: Key,
): ExecutionConfig {
  const { [key]: _gone, ...rest } = config;
  return rest;
}
