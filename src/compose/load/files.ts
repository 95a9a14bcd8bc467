import type { Findings } from './findings.ts';
import type { FileReader } from './load-result.ts';
import type { Node, Place } from './yaml/node.ts';
import { parseYaml } from './yaml/parse.ts';
import { Source } from './yaml/source.ts';

/** A file as it was parsed: one tree a document. */
export interface ParsedFile {
  readonly path: string;
  readonly source: Source;
  readonly documents: readonly Node[];
}

/** Compose files are written by hand; what is larger than this is not one. Bytes. */
export const largestFile = 4 * 1024 * 1024;

/** How often files may be read in one load; a chain of includes longer than this has no end. */
const mostFiles = 1000;

/** Reads and parses each file once, however many `extends` and `include` name it. */
export class ComposeFiles {
  readonly #reader: FileReader;
  readonly #findings: Findings;
  readonly #stdin: string | undefined;
  readonly #parsed = new Map<string, ParsedFile | undefined>();

  constructor(reader: FileReader, findings: Findings, stdin: string | undefined) {
    this.#reader = reader;
    this.#findings = findings;
    this.#stdin = stdin;
  }

  /** Takes a file that was parsed elsewhere: a project given as an object. */
  provide(parsed: ParsedFile): void {
    this.#parsed.set(parsed.path, parsed);
  }

  /** Text of a file, its byte order mark taken off; `undefined` where there is none (reported by the caller). */
  text(path: string, place?: Place): string | undefined {
    try {
      const bytes = this.#reader.read(path);
      if (this.#isTooLarge(path, bytes?.byteLength, place)) {
        return undefined;
      }
      return bytes === undefined ? undefined : new TextDecoder('utf-8').decode(bytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#findings.error('COMPOSE_FILE_UNREADABLE', `cannot read ${path}: ${reason}`, place);
      return undefined;
    }
  }

  #stdinText(): string | undefined {
    return this.#isTooLarge('-', this.#stdin?.length) ? undefined : this.#stdin;
  }

  #isTooLarge(path: string, bytes = 0, place?: Place): boolean {
    if (bytes <= largestFile) {
      return false;
    }
    const name = path === '-' ? 'standard input' : path;
    const message = `${name} is larger than ${largestFile / 1024 / 1024} MiB`;
    this.#findings.error('COMPOSE_LIMIT', message, place);
    return true;
  }

  /** The parsed file; `undefined` where it is missing or cannot be read. */
  parse(path: string, place?: Place): ParsedFile | undefined {
    if (this.#parsed.has(path)) {
      return this.#parsed.get(path);
    }
    if (this.#parsed.size >= mostFiles) {
      this.#findings.error('COMPOSE_LIMIT', `more than ${mostFiles} files`, place);
      return undefined;
    }
    const before = this.#findings.errorCount;
    const text = path === '-' ? this.#stdinText() : this.text(path, place);
    let parsed: ParsedFile | undefined;
    if (text !== undefined) {
      const source = new Source(path, text);
      parsed = { path, source, documents: parseYaml(source, this.#findings) };
    } else if (this.#findings.errorCount === before) {
      this.#findings.error('COMPOSE_FILE_NOT_FOUND', `no such file: ${path}`, place);
    }
    this.#parsed.set(path, parsed);
    return parsed;
  }
}
