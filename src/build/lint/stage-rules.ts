/** Rules that look at what a stage comes to. */
import type { Token } from '../dockerfile/ast.ts';
import { ExpansionError, expandWord } from '../dockerfile/expand.ts';
import type { Dockerfile, Stage, StageInstruction } from '../dockerfile/instructions.ts';
import { findStage } from '../graph/stage-names.ts';
import type { Report } from './lint-warning.ts';

export interface StageFacts {
  /** Arguments before the first FROM, with those that the builder sets. */
  readonly globals: ReadonlyMap<string, string>;
  /** The base of a stage with its variables replaced. */
  readonly baseName: (stage: Stage) => string;
  /** Variables of an image; undefined where nobody knows them. */
  readonly imageEnv: (name: string) => readonly string[] | undefined;
}

export function checkStages(dockerfile: Dockerfile, facts: StageFacts, report: Report): void {
  const { stages } = dockerfile;
  const known = new Map<Stage, Set<string> | undefined>();
  for (const stage of stages) {
    const { alias, base, platform } = stage.from;
    const earlier = stages.slice(0, stage.index);
    if (alias !== undefined && earlier.some((one) => one.from.alias && one.name === stage.name)) {
      const message = `Duplicate stage name "${alias.text}", stage names should be unique`;
      report('DuplicateStageName', alias.range, message);
    }
    if (platform !== undefined) checkPlatform(platform, report);
    checkBaseVariables(dockerfile, base, facts, report);
    const before = findStage(stages, facts.baseName(stage), { before: stage.index });
    checkLast(stage, report);
    checkForms(stage, report);
    if (before === undefined) checkWorkdir(stage, report);
    known.set(
      stage,
      checkVariables(dockerfile, stage, { ...facts, report }, before && known.get(before)),
    );
  }
}

function checkPlatform({ text, range }: Token, report: Report): void {
  if (/^\$\{?TARGETPLATFORM\}?$/.test(text)) {
    const message = `Setting platform to predefined ${text} in FROM is redundant as this is the default behavior`;
    report('RedundantTargetPlatform', range, message);
  } else if (!text.includes('$')) {
    const message = `FROM --platform flag should not use constant value "${text}"`;
    report('FromPlatformFlagConstDisallowed', range, message);
  }
}

function checkBaseVariables(
  { escapeChar, globalArgs }: Dockerfile,
  base: Token,
  { globals }: StageFacts,
  report: Report,
): void {
  const declared = new Set(globalArgs.flatMap(({ args }) => args.map(({ name }) => name.text)));
  for (const name of undefinedNames(base, globals, escapeChar)) {
    if (declared.has(name)) {
      const message = `Default value for ARG ${base.text} results in empty or invalid base image name`;
      if (!/[-+]/.test(base.text.slice(base.text.indexOf(name)))) {
        report('InvalidDefaultArgInFrom', base.range, message);
      }
    } else {
      report('UndefinedArgInFrom', base.range, `FROM argument '${name}' is not declared`);
    }
  }
}

/** Of these, the last one counts. */
function checkLast({ instructions }: Stage, report: Report): void {
  for (const kind of ['CMD', 'ENTRYPOINT', 'HEALTHCHECK'] as const) {
    const all = instructions.filter((instruction) => instruction.kind === kind);
    for (const { range } of all.slice(0, -1)) {
      const message = `Multiple ${kind} instructions should not be used in the same stage because only the last one will be used`;
      report('MultipleInstructionsDisallowed', range, message);
    }
  }
}

/** A shell that was chosen on purpose is meant to run what follows. */
function checkForms({ instructions }: Stage, report: Report): void {
  for (const instruction of instructions) {
    const { kind } = instruction;
    if (kind === 'SHELL') return;
    if ((kind !== 'CMD' && kind !== 'ENTRYPOINT') || instruction.command.form === 'exec') continue;
    const message = `JSON arguments recommended for ${kind} to prevent unintended behavior related to OS signals`;
    report('JSONArgsRecommended', instruction.range, message);
  }
}

function checkWorkdir({ instructions }: Stage, report: Report): void {
  for (const instruction of instructions) {
    if (instruction.kind !== 'WORKDIR') continue;
    const { text, range } = instruction.value;
    if (/^["']?[/$]/.test(text)) return;
    const message = `Relative workdir "${text}" can have unexpected results if the base image changes`;
    report('WorkdirRelativePath', range, message);
    return;
  }
}

/** @returns the names that are known at the stage's end; undefined where its base is not known. */
function checkVariables(
  { escapeChar }: Dockerfile,
  stage: Stage,
  { imageEnv, baseName, report }: StageFacts & { readonly report: Report },
  inherited: ReadonlySet<string> | undefined,
): Set<string> | undefined {
  const base = baseName(stage);
  const env = inherited ?? (base === 'scratch' ? [] : imageEnv(base)?.map(variableName));
  if (env === undefined) return undefined;
  const names = new Set<string>([...env, 'PATH']);
  for (const instruction of stage.instructions) {
    const values = new Map([...names].map((name): [string, string] => [name, name]));
    for (const token of expandedTokens(instruction)) {
      for (const name of undefinedNames(token, values, escapeChar)) {
        report('UndefinedVar', token.range, `Usage of undefined variable '$${name}'`);
      }
    }
    for (const name of declaredNames(instruction)) names.add(name);
  }
  return names;
}

function variableName(entry: string): string {
  return entry.split('=')[0] ?? '';
}

function expandedTokens(instruction: StageInstruction): readonly Token[] {
  switch (instruction.kind) {
    case 'ENV':
    case 'LABEL':
      return instruction.pairs.flatMap(({ key, value }) => [key, value]);
    case 'ARG':
      return instruction.args.flatMap(({ value }) => value ?? []);
    case 'COPY':
    case 'ADD':
      return [...instruction.sources, instruction.target];
    case 'EXPOSE':
    case 'VOLUME':
      return instruction.words;
    case 'USER':
    case 'WORKDIR':
    case 'STOPSIGNAL':
      return [instruction.value];
    default:
      return [];
  }
}

function declaredNames(instruction: StageInstruction): readonly string[] {
  if (instruction.kind === 'ENV') return instruction.pairs.map(({ key }) => key.text);
  if (instruction.kind === 'ARG') return instruction.args.map(({ name }) => name.text);
  return [];
}

/** What a token asks for and is not there. */
function undefinedNames(
  token: Token,
  known: ReadonlyMap<string, string>,
  escapeChar: string,
): Set<string> {
  const missing = new Set<string>();
  const env = new Map(known);
  const get = env.get.bind(env);
  env.get = (name: string) => {
    const value = get(name);
    if (value === undefined) missing.add(name);
    return value;
  };
  try {
    expandWord(token.text, { env, escapeChar });
  } catch (error) {
    // A mistake of its own, which is told where the token is used.
    if (!(error instanceof ExpansionError)) throw error;
  }
  return missing;
}
