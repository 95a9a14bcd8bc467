import type { SourceRange } from '../../core/index.ts';
import type { StepRecord } from '../cache/step-cache.ts';
import type { Token } from '../dockerfile/ast.ts';
import { dockerfileError } from '../dockerfile/dockerfile-error.ts';
import { ExpansionError, expandWord } from '../dockerfile/expand.ts';
import { chompContent } from '../dockerfile/heredoc.ts';
import type { Arg, Copy, Run, Stage, StageInstruction, Text } from '../dockerfile/instructions.ts';
import { readTrigger } from '../dockerfile/read-trigger.ts';
import type { VertexReporter } from '../progress.ts';
import { addParts, type Temporary } from '../steps/add-sources.ts';
import { parseChmod } from '../steps/chmod.ts';
import { type CopyPart, copyStep } from '../steps/copy-step.ts';
import { contextSource } from '../steps/file-source.ts';
import { mkdirStep } from '../steps/mkdir-step.ts';
import { runStep } from '../steps/run-step.ts';
import { expandToken, expandTokenWords } from './build-args.ts';
import type { BuildRun, SolvedStage, SolvedStep } from './build-run.ts';
import { type FileState, withLayer } from './file-state.ts';
import { copyText, metadataText, runText } from './history-text.ts';
import { absolutePath, type StageConfig } from './image-config.ts';
import { applyMetadata, type MetadataInstruction } from './metadata.ts';
import { checkPlainName } from './stage-names.ts';
import { StageVariables } from './stage-variables.ts';

/**
 * Executes a stage, instruction by instruction; each that changes files is one step of the cache.
 * @throws {AppError} what its steps throw, at the place of the instruction.
 */
export async function solveStage(
  run: BuildRun,
  stage: Stage,
  base: SolvedStage,
): Promise<SolvedStage> {
  const solver = new StageSolver(run, stage, base);
  return solver.solve();
}

/** Instructions that are shown as steps. */
const steps = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);

class StageSolver {
  readonly #run: BuildRun;
  readonly #stage: Stage;
  readonly #base: SolvedStage;
  readonly #config: StageConfig;
  readonly #variables: StageVariables;
  #state: FileState;
  readonly #steps: SolvedStep[];
  #created: string | undefined;
  #number = 1;

  constructor(run: BuildRun, stage: Stage, base: SolvedStage) {
    this.#run = run;
    this.#stage = stage;
    this.#base = base;
    this.#state = base.state;
    this.#steps = [...base.steps];
    this.#created = base.created;
    this.#variables = new StageVariables(base.variables, base.config.execution.Env);
    this.#config = {
      execution: base.config.execution,
      history: [...base.config.history],
      author: base.config.author,
      hasOwnCmd: false,
    };
  }

  async solve(): Promise<SolvedStage> {
    const instructions = [...this.#triggers(), ...this.#stage.instructions];
    const total = 1 + instructions.filter(({ kind }) => steps.has(kind)).length;
    for (const instruction of instructions) {
      this.#run.signal.throwIfAborted();
      await this.#execute(instruction, total);
    }
    return {
      state: this.#state,
      steps: this.#steps,
      config: this.#config,
      variables: this.#variables,
      created: this.#created,
      baseSize: this.#base.baseSize,
    };
  }

  /** ONBUILD of the base: run now, and not handed on. */
  #triggers(): StageInstruction[] {
    const { OnBuild, ...execution } = this.#config.execution;
    if (!OnBuild?.length) return [];
    this.#config.execution = execution;
    return OnBuild.map((text) => readTrigger(text, this.#stage.from));
  }

  async #execute(instruction: StageInstruction, total: number): Promise<void> {
    switch (instruction.kind) {
      case 'ARG':
        this.#declare(instruction);
        return;
      case 'RUN':
        await this.#step(instruction, total, (reporter) => this.#runCommand(instruction, reporter));
        return;
      case 'COPY':
      case 'ADD':
        await this.#step(instruction, total, (reporter) => this.#copy(instruction, reporter));
        return;
      case 'WORKDIR':
        await this.#workdir(instruction, total);
        return;
      default:
        this.#configure(instruction);
    }
  }

  #configure(instruction: MetadataInstruction): void {
    // Of one instruction, all words see the variables from before it.
    const env = new Map(this.#variables.values);
    const expander = {
      word: (token: Token) => expandToken(token, env, this.#escapeChar),
      words: (token: Token) => expandTokenWords(token, env, this.#escapeChar),
    };
    applyMetadata(this.#config, instruction, expander);
    if (instruction.kind === 'ENV') {
      const names = instruction.pairs.map(({ key }) => expander.word(key));
      this.#variables.setEnv(this.#config.execution.Env, names);
    }
    // What it asks of later builds is no part of this image's making.
    if (instruction.kind === 'ONBUILD') return;
    this.#remember(metadataText(instruction, this.#config, expander), true);
  }

  get #escapeChar(): string {
    return this.#run.dockerfile.escapeChar;
  }

  #word(token: Token): string {
    return expandToken(token, this.#variables.values, this.#escapeChar);
  }

  #declare({ args }: Arg): void {
    const shown = args.map(({ name, value }) => {
      const set =
        this.#run.args[name.text] ??
        (value === undefined ? this.#run.globals.get(name.text) : this.#word(value));
      this.#variables.declare(name.text, set);
      return set === undefined ? name.text : `${name.text}=${set}`;
    });
    this.#remember(`ARG ${shown.join(' ')}`, true);
  }

  /** One step as a vertex of the progress; its layer becomes the top of the state. */
  async #step(
    instruction: Run | Copy | Text,
    total: number,
    perform: (
      reporter: VertexReporter,
    ) => Promise<{ key: string; record: StepRecord; text: string }>,
  ): Promise<void> {
    this.#number += 1;
    const name = `[${stepPrefix(this.#run, this.#stage)}${this.#number}/${total}] ${shownText(instruction)}`;
    const { key, record, text } = await this.#run.progress.run(name, perform);
    this.#state = withLayer(this.#state, { kind: 'step', key, record });
    this.#steps.push({ key, record });
    if (this.#created === undefined || record.created > this.#created)
      this.#created = record.created;
    this.#remember(text, record.isEmpty);
  }

  async #runCommand(instruction: Run, reporter: VertexReporter) {
    const { execution } = this.#config;
    const done = await runStep(
      this.#run,
      instruction,
      {
        stage: this.#stage,
        state: this.#state,
        env: this.#variables.values,
        workingDir: execution.WorkingDir || '/',
        user: execution.User ?? '',
        shell: execution.Shell,
        noCache: this.#noCache(),
      },
      reporter,
    );
    const prefix = this.#variables.historyPrefix();
    return { ...done, text: runText(instruction, prefix, execution.Shell) };
  }

  async #copy(instruction: Copy, reporter: VertexReporter) {
    const word = (token: Token) => this.#word(token);
    const target = absolutePath(this.#config.execution.WorkingDir, word(instruction.target));
    const { chmod: mode } = instruction;
    const chmod = mode === undefined ? undefined : parseChmod(word(mode));
    if (mode !== undefined && chmod === undefined) {
      throw dockerfileError(mode.range, `invalid chmod parameter: "${word(mode)}"`, {
        hint: 'Write an octal mode, 755, or a symbolic one, u=rwX,go=rX.',
      });
    }
    const sources = instruction.sources.map((token) => ({ path: word(token), token }));
    const temporary: Temporary = [];
    try {
      const done = await copyStep(
        this.#run,
        this.#state,
        {
          parts: await this.#parts(instruction, sources, temporary),
          inline: instruction.heredocs.map((heredoc) => ({
            name: heredoc.name,
            content: this.#heredocText(heredoc),
          })),
          target,
          chown: instruction.chown === undefined ? undefined : word(instruction.chown),
          chmod,
          parents: instruction.parents,
          exclude: instruction.exclude.map(word),
          link: instruction.link,
          text: instruction.original,
          range: instruction.range,
          noCache: this.#noCache(),
        },
        reporter,
      );
      return { ...done, text: copyText(instruction, word) };
    } finally {
      for (const folder of temporary) this.#run.cache.discard(folder);
    }
  }

  async #parts(
    instruction: Copy,
    sources: readonly { readonly path: string; readonly token: Copy['target'] }[],
    temporary: Temporary,
  ): Promise<CopyPart[]> {
    if (sources.length === 0) return [];
    if (instruction.kind === 'ADD') return addParts(this.#run, instruction, sources, temporary);
    const { from } = instruction;
    const source =
      from === undefined
        ? contextSource(await this.#run.context(), this.#run.hashes)
        : await this.#run.source(checkPlainName(from.text, from.range), from.range, this.#stage);
    return [{ source, paths: sources.map(({ path, token }) => ({ path, range: token.range })) }];
  }

  #heredocText({ content, chomp, expand, range }: Copy['heredocs'][number]): string {
    const text = chomp ? chompContent(content) : content;
    if (!expand) return text;
    try {
      const { values: env } = this.#variables;
      return expandWord(text, { env, escapeChar: this.#escapeChar, keepQuotes: true });
    } catch (error) {
      if (!(error instanceof ExpansionError)) throw error;
      throw dockerfileError(range, error.message, { cause: error });
    }
  }

  async #workdir(instruction: Text, total: number): Promise<void> {
    const { execution } = this.#config;
    const given = this.#word(instruction.value);
    const path = absolutePath(execution.WorkingDir, given).replace(/(.)\/$/, '$1');
    this.#config.execution = { ...execution, WorkingDir: path };
    await this.#step(instruction, total, async (reporter) => {
      const done = await mkdirStep(
        this.#run,
        this.#state,
        {
          path,
          user: execution.User ?? '',
          text: instruction.original,
          range: instruction.range,
          noCache: this.#noCache(),
        },
        reporter,
      );
      return { ...done, text: `WORKDIR ${path}` };
    });
  }

  #noCache(): boolean {
    const { noCache } = this.#run.options;
    if (typeof noCache !== 'object') return noCache ?? false;
    return noCache.some((name) => name.toLowerCase() === this.#stage.name);
  }

  #remember(text: string, isEmpty: boolean): void {
    this.#config.history.push({
      ...(this.#created === undefined ? {} : { created: this.#created }),
      created_by: text,
      comment: 'coracle',
      ...(isEmpty ? { empty_layer: true } : {}),
    });
  }
}

/** `builder ` where the file has several stages. */
export function stepPrefix({ dockerfile }: Pick<BuildRun, 'dockerfile'>, stage: Stage): string {
  if (dockerfile.stages.length === 1) return '';
  return `${stage.from.alias?.text ?? `stage-${stage.index}`} `;
}

/** One line, without what makes it long. */
function shownText({
  original,
  kind,
  ...rest
}: {
  original: string;
  kind: string;
  range: SourceRange;
}): string {
  const { heredocs } = rest as { heredocs?: readonly { content: string }[] };
  const [first] = heredocs ?? [];
  const body = first === undefined ? '' : ` (${first.content.split('\n')[0]?.slice(0, 40) ?? ''}…)`;
  void kind;
  return `${original.replace(/\s+/g, ' ').slice(0, 300)}${body}`;
}
