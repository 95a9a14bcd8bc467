import type { Position, SourceRange } from '../../core/index.ts';

/** A part of a logical line that lies in one line of the file without a gap. */
interface Piece {
  /** Offset in the logical line. */
  readonly start: number;
  readonly line: number;
  readonly column: number;
}

/**
 * One instruction as one line: what continuations have joined, each character still knowing where in the file it
 * stands.
 */
export class LogicalLine {
  readonly file: string;
  readonly text: string;
  readonly #pieces: readonly Piece[];

  constructor(file: string, text: string, pieces: readonly Piece[]) {
    this.file = file;
    this.text = text;
    this.#pieces = pieces;
  }

  /** The place of the characters from `start` up to, not including, `end`. */
  range(start: number, end: number): SourceRange {
    const from = this.#position(start);
    const to = end > start ? this.#position(end - 1) : from;
    return {
      file: this.file,
      start: from,
      end: end > start ? { line: to.line, column: to.column + 1 } : to,
    };
  }

  #position(offset: number): Position {
    let found = this.#pieces[0] ?? { start: 0, line: 1, column: 1 };
    for (const piece of this.#pieces) {
      if (piece.start > offset) break;
      found = piece;
    }
    return { line: found.line, column: found.column + offset - found.start };
  }
}

/** Collects the pieces of a logical line. */
export class LineBuilder {
  #text = '';
  readonly #pieces: Piece[] = [];

  /** @param column of the first character of `text`, counted from 1. */
  append(text: string, line: number, column: number): void {
    this.#pieces.push({ start: this.#text.length, line, column });
    this.#text += text;
  }

  build(file: string): LogicalLine {
    return new LogicalLine(file, this.#text, this.#pieces);
  }
}
