import type { SourceRange } from '../../core/index.ts';
import type { Heredoc, Token } from './ast.ts';

/** What every instruction has. */
interface Placed {
  readonly range: SourceRange;
  /** As written, on one line; progress and history show it. */
  readonly original: string;
}

/** A command: words to execute, or a line for the shell. */
export type CommandForm =
  | { readonly form: 'exec'; readonly words: readonly string[] }
  | { readonly form: 'shell'; readonly line: string };

/** `FROM [--platform=…] image [AS name]`. */
export interface From extends Placed {
  readonly kind: 'FROM';
  readonly platform: Token | undefined;
  readonly base: Token;
  readonly alias: Token | undefined;
}

/** `ARG NAME[=default] …`. */
export interface Arg extends Placed {
  readonly kind: 'ARG';
  readonly args: readonly { readonly name: Token; readonly value: Token | undefined }[];
}

export interface Assignments extends Placed {
  readonly kind: 'ENV' | 'LABEL';
  readonly pairs: readonly { readonly key: Token; readonly value: Token }[];
}

/** `--mount=type=…` of RUN; variables in `target`, `source`, `from` and `id` are not replaced yet. */
export interface RunMount {
  readonly type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';
  readonly options: Readonly<Record<string, string>>;
  readonly range: SourceRange;
}

export interface Run extends Placed {
  readonly kind: 'RUN';
  readonly command: CommandForm;
  readonly heredocs: readonly Heredoc[];
  readonly mounts: readonly RunMount[];
  readonly network: 'default' | 'none' | 'host';
  readonly security: 'sandbox' | 'insecure';
  readonly flagRanges: Readonly<Record<string, SourceRange>>;
}

export interface Copy extends Placed {
  readonly kind: 'COPY' | 'ADD';
  readonly sources: readonly Token[];
  readonly heredocs: readonly Heredoc[];
  readonly target: Token;
  readonly from: Token | undefined;
  readonly chown: Token | undefined;
  readonly chmod: Token | undefined;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly Token[];
  readonly checksum: Token | undefined;
  readonly keepGitDir: boolean;
  /** Undefined: as the source asks, archives yes, URLs no. */
  readonly unpack: boolean | undefined;
}

/** CMD, ENTRYPOINT. */
export interface Command extends Placed {
  readonly kind: 'CMD' | 'ENTRYPOINT';
  readonly command: CommandForm;
}

/** Instructions of one text. */
export interface Text extends Placed {
  readonly kind: 'MAINTAINER' | 'STOPSIGNAL' | 'USER' | 'WORKDIR';
  readonly value: Token;
}

export interface Words extends Placed {
  readonly kind: 'EXPOSE' | 'VOLUME' | 'SHELL';
  readonly words: readonly Token[];
}

export interface Healthcheck extends Placed {
  readonly kind: 'HEALTHCHECK';
  /** Undefined: NONE. */
  readonly command: CommandForm | undefined;
  /** Nanoseconds, retries as they are; 0 or missing: the default. */
  readonly settings: Readonly<
    Partial<Record<'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval' | 'Retries', number>>
  >;
}

export interface OnBuild extends Placed {
  readonly kind: 'ONBUILD';
  /** The trigger as it is stored in the image. */
  readonly trigger: string;
}

export type Instruction =
  | From
  | Arg
  | Assignments
  | Run
  | Copy
  | Command
  | Text
  | Words
  | Healthcheck
  | OnBuild;

/** An instruction that stands inside a stage. */
export type StageInstruction = Exclude<Instruction, From>;

/** One FROM and what follows it. */
export interface Stage {
  readonly from: From;
  readonly instructions: readonly StageInstruction[];
  /** Lower case; the number where it has no name. */
  readonly name: string;
  readonly index: number;
}

/** A Dockerfile, understood. */
export interface Dockerfile {
  readonly file: string;
  readonly text: string;
  readonly escapeChar: string;
  /** ARG before the first FROM. */
  readonly globalArgs: readonly Arg[];
  readonly stages: readonly Stage[];
}
