import type { SourceRange } from '../../core/index.ts';

/** A word of the file and where it stands. `text` is as written, quotes and escapes included, except in the JSON form. */
export interface Token {
  readonly text: string;
  readonly range: SourceRange;
}

/** `<<EOF` and the lines up to `EOF`. */
export interface Heredoc {
  readonly name: string;
  /** As written, with the last line end; leading tabs still there with `<<-`. */
  readonly content: string;
  /** False where the name was quoted: variables stay as they are. */
  readonly expand: boolean;
  /** `<<-`: leading tabs are taken away. */
  readonly chomp: boolean;
  readonly range: SourceRange;
}

/** `KEY=value` of ENV and LABEL; `separator` is empty in the old form `KEY value`. */
export interface Pair {
  readonly key: Token;
  readonly value: Token;
  readonly separator: '=' | '';
}

/** One instruction as its grammar says, not yet judged by its meaning. */
export interface InstructionNode {
  /** Upper case. */
  readonly name: string;
  readonly nameRange: SourceRange;
  /** `--from=build`, as written. */
  readonly flags: readonly Token[];
  /** Words; the elements of the JSON form; or all that follows as one token where the instruction takes text. */
  readonly args: readonly Token[];
  readonly isJson: boolean;
  /** Of ENV and LABEL. */
  readonly pairs: readonly Pair[];
  readonly heredocs: readonly Heredoc[];
  /** Of ONBUILD. */
  readonly trigger: InstructionNode | undefined;
  /** The whole instruction, joined to one line, without its heredocs. */
  readonly original: string;
  readonly range: SourceRange;
}

/** A Dockerfile, parsed. */
export interface DockerfileAst {
  readonly file: string;
  readonly instructions: readonly InstructionNode[];
  /** Parser directives by lower-case name: `syntax`, `check`, `escape`. */
  readonly directives: Readonly<Record<string, string>>;
  readonly escapeChar: string;
}
