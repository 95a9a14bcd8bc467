import { dockerfileError } from './dockerfile-error.ts';

const pattern = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;
const known = new Set(['syntax', 'escape', 'check']);

/** The `# name=value` lines at the top of a Dockerfile; the first line that is none ends them. */
export class DirectiveReader {
  readonly values: Record<string, string> = {};
  readonly #file: string;
  #isDone = false;

  constructor(file: string) {
    this.#file = file;
  }

  get escapeChar(): string {
    return this.values.escape ?? '\\';
  }

  /** @throws {AppError} `BUILD_DOCKERFILE_INVALID` for one that comes twice, and for an escape character other than the two. */
  read(text: string, line: number): void {
    if (this.#isDone) return;
    const [, key, value = ''] = pattern.exec(text) ?? [];
    if (key === undefined) {
      this.#isDone = true;
      return;
    }
    const name = key.toLowerCase();
    if (!known.has(name)) return;
    const range = {
      file: this.#file,
      start: { line, column: 1 },
      end: { line, column: text.length + 1 },
    };
    if (Object.hasOwn(this.values, name)) {
      throw dockerfileError(range, `only one ${name} parser directive can be used`);
    }
    if (name === 'escape' && value !== '`' && value !== '\\') {
      throw dockerfileError(range, `invalid escape token "${value}": it must be \` or \\`);
    }
    this.values[name] = value;
  }
}
