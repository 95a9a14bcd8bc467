import { isAppError } from '../../core/index.ts';
import type { DockerfileAst, Heredoc, InstructionNode } from './ast.ts';
import { DirectiveReader } from './directives.ts';
import { dockerfileError } from './dockerfile-error.ts';
import { type HeredocStart, heredocsOf } from './heredoc.ts';
import { LineBuilder, type LogicalLine } from './logical-line.ts';
import { parseInstruction, takesHeredocs } from './parse-instruction.ts';

const comment = /^#/;

/**
 * Parses a Dockerfile by BuildKit's grammar: what is a continuation, a comment, a word, a flag, a heredoc. Whether an instruction
 * makes sense is not judged here (`readInstructions`).
 * @param file  as errors are to name it.
 * @throws {AppError} `BUILD_DOCKERFILE_INVALID` with the place in `details.range`.
 */
export function parseDockerfile(text: string, file: string): DockerfileAst {
  try {
    return new DockerfileParser(text, file).parse();
  } catch (error) {
    throw withSource(error, text);
  }
}

/** The error with the file's text, so that its excerpt can be shown where the file is not on disk. */
export function withSource(error: unknown, text: string): unknown {
  if (isAppError(error) && error.details.range !== undefined) {
    (error.details as Record<string, unknown>).sourceText = text;
  }
  return error;
}

class DockerfileParser {
  readonly #file: string;
  readonly #lines: readonly string[];
  readonly #directives: DirectiveReader;
  /** Index of the next line. */
  #next = 0;

  constructor(text: string, file: string) {
    this.#file = file;
    this.#lines = text.replace(/^\ufeff/, '').split('\n');
    this.#directives = new DirectiveReader(file);
  }

  parse(): DockerfileAst {
    const instructions: InstructionNode[] = [];
    while (this.#next < this.#lines.length) {
      const line = this.#logicalLine();
      if (line === undefined) continue;
      const { escapeChar } = this.#directives;
      const node = parseInstruction(line, escapeChar);
      const opened = takesHeredocs(node) ? heredocsOf(line.text, escapeChar) : [];
      const heredocs = opened.map((start) => this.#heredoc(line, start));
      instructions.push(withHeredocs(node, heredocs));
    }
    if (instructions.length === 0) {
      const start = { line: 1, column: 1 };
      throw dockerfileError({ file: this.#file, start, end: start }, 'file with no instructions');
    }
    const { values, escapeChar } = this.#directives;
    return { file: this.#file, instructions, directives: values, escapeChar };
  }

  /** The next instruction; undefined where the next line is empty or a comment. */
  #logicalLine(): LogicalLine | undefined {
    const builder = new LineBuilder();
    const first = this.#take();
    const indent = first.length - first.trimStart().length;
    const text = first.slice(indent);
    this.#directives.read(text, this.#next);
    if (comment.test(text)) return undefined;
    let { content, goesOn } = this.#splitContinuation(text);
    if (!goesOn && content === '') return undefined;
    builder.append(content, this.#next, indent + 1);
    while (goesOn && this.#next < this.#lines.length) {
      const more = this.#take();
      // Comments and empty lines do not end a continued instruction.
      if (comment.test(more.trimStart()) || more.trim() === '') continue;
      ({ content, goesOn } = this.#splitContinuation(more));
      builder.append(content, this.#next, 1);
    }
    const line = builder.build(this.#file);
    return line.text.trim() === '' ? undefined : line;
  }

  #take(): string {
    return withoutReturn(this.#takeWhole());
  }

  /** With a carriage return before the line's end, which a heredoc's content keeps. */
  #takeWhole(): string {
    const line = this.#lines[this.#next] ?? '';
    this.#next += 1;
    return line;
  }

  /** A line goes on when its last character, white space left out, is the escape character and is not escaped itself. */
  #splitContinuation(text: string): { content: string; goesOn: boolean } {
    const { escapeChar } = this.#directives;
    const trimmed = text.replace(/[ \t]+$/, '');
    const goesOn = trimmed.endsWith(escapeChar) && !trimmed.endsWith(escapeChar + escapeChar);
    return goesOn ? { content: trimmed.slice(0, -1), goesOn } : { content: text, goesOn };
  }

  #heredoc(line: LogicalLine, start: HeredocStart): Heredoc {
    const { name, chomp, expand } = start;
    const range = line.range(start.start, start.end);
    const content: string[] = [];
    while (this.#next < this.#lines.length) {
      const text = this.#takeWhole();
      if (withoutReturn(chomp ? text.replace(/^\t+/, '') : text) === name) {
        return { name, chomp, expand, range, content: content.map((one) => `${one}\n`).join('') };
      }
      content.push(text);
    }
    throw dockerfileError(range, `unterminated heredoc: no line is "${name}"`);
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** Heredocs behind ONBUILD are its trigger's. */
function withHeredocs(node: InstructionNode, heredocs: readonly Heredoc[]): InstructionNode {
  if (heredocs.length === 0) return node;
  if (node.trigger !== undefined) {
    return { ...node, trigger: { ...node.trigger, heredocs } };
  }
  return { ...node, heredocs };
}
