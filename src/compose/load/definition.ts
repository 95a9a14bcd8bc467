import type { ParsedFile } from './files.ts';
import type { Findings } from './findings.ts';
import { type MapEntry, type Node, seqAt } from './yaml/node.ts';
import { Source } from './yaml/source.ts';
import { deepestNesting } from './yaml/tree-builder.ts';

/** What stands for a file's name where a project is given as an object. */
export const definitionFile = '<project>';

/** The object written as JSON, so that what is wrong in it has a place and an excerpt; places carry their path. */
class DefinitionSource extends Source {
  readonly #starts: readonly number[];
  readonly #paths: readonly string[];

  constructor(text: string, marks: readonly Mark[]) {
    super(definitionFile, text);
    this.#starts = marks.map(({ at }) => at);
    this.#paths = marks.map(({ path }) => path);
  }

  override range(start: number, end: number) {
    const index = this.#starts.findLastIndex((at) => at <= start);
    return { ...super.range(start, end), path: this.#paths[index] ?? '$' };
  }
}

interface Mark {
  readonly at: number;
  readonly path: string;
}

/** What cannot be part of a compose file, found where. */
interface Refusal extends Mark {
  readonly code: 'COMPOSE_TYPE_MISMATCH' | 'COMPOSE_LIMIT';
  readonly message: string;
}

/** An object's values, for places that are known only once the whole text is. */
type Sketch = (source: Source) => Node;

const mostValues = 300_000;

/** A project given as an object, as if it had been parsed from a file. */
export function parseDefinition(definition: object, findings: Findings): ParsedFile {
  const writer = new DefinitionWriter();
  const sketch = writer.value(definition, '$', []);
  const source = new DefinitionSource(writer.text, writer.marks);
  for (const { code, message, at } of writer.refusals) {
    findings.error(code, message, { source, start: at, end: at + 1 });
  }
  return { path: definitionFile, source, documents: [sketch(source)] };
}

class DefinitionWriter {
  readonly marks: Mark[] = [];
  readonly refusals: Refusal[] = [];
  readonly #pieces: string[] = [];
  #length = 0;

  get text(): string {
    return this.#pieces.join('');
  }

  value(value: unknown, path: string, above: readonly object[]): Sketch {
    const start = this.#mark(path);
    if (Array.isArray(value) || isPlainObject(value)) {
      const problem = this.#problemOf(value, above);
      if (problem !== undefined) {
        return this.#refuse('COMPOSE_LIMIT', problem, start, path);
      }
      return Array.isArray(value)
        ? this.#list(value, path, [...above, value])
        : this.#mapping(value, path, [...above, value]);
    }
    if (!isScalar(value)) {
      const what = typeof value === 'object' ? 'an object of a class' : `a ${typeof value}`;
      const problem = `must be text, a number, a boolean, null, a list or a mapping, got ${
        typeof value === 'number' ? String(value) : what
      }`;
      return this.#refuse('COMPOSE_TYPE_MISMATCH', problem, start, path);
    }
    const end = this.#write(JSON.stringify(value));
    const float = typeof value === 'number' && !Number.isInteger(value) ? { float: true } : {};
    return (source) => ({ kind: 'scalar', value, source, start, end, ...float });
  }

  #problemOf(value: object, above: readonly object[]): string | undefined {
    if (above.includes(value)) {
      return 'contains itself';
    }
    if (above.length >= deepestNesting) {
      return `is nested more than ${deepestNesting} levels deep`;
    }
    return this.marks.length > mostValues ? 'is one value more than a project can have' : undefined;
  }

  #list(items: readonly unknown[], path: string, above: readonly object[]): Sketch {
    const start = this.#length;
    this.#write('[');
    const sketches = items.map((item, index) => {
      this.#newLine(index, above.length);
      return this.value(item === undefined ? null : item, `${path}[${index}]`, above);
    });
    const end = this.#close(items.length, above.length, ']');
    return (source) =>
      seqAt(
        { source, start, end },
        sketches.map((sketch) => sketch(source)),
      );
  }

  #mapping(object: object, path: string, above: readonly object[]): Sketch {
    const start = this.#length;
    this.#write('{');
    const given = Object.entries(object).filter(([, value]) => value !== undefined);
    const fields = given.map(([key, value], index) => {
      this.#newLine(index, above.length);
      const below = `${path}${/^[A-Za-z_][\w-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`}`;
      const keyStart = this.#mark(below);
      const keyEnd = this.#write(JSON.stringify(key));
      this.#write(': ');
      return { key, keyStart, keyEnd, sketch: this.value(value, below, above) };
    });
    const end = this.#close(given.length, above.length, '}');
    return (source) => {
      const entries = new Map<string, MapEntry>();
      for (const { key, keyStart, keyEnd, sketch } of fields) {
        const place = { source, start: keyStart, end: keyEnd };
        entries.set(key, { key: place, value: sketch(source) });
      }
      return { kind: 'map', entries, source, start, end };
    };
  }

  #refuse(code: Refusal['code'], problem: string, at: number, path: string): Sketch {
    this.refusals.push({ code, message: `${path} ${problem}`, at, path });
    const end = this.#write('null');
    return (source) => ({ kind: 'scalar', value: null, source, start: at, end });
  }

  #mark(path: string): number {
    this.marks.push({ at: this.#length, path });
    return this.#length;
  }

  #newLine(index: number, depth: number): void {
    this.#write(`${index === 0 ? '' : ','}\n${'  '.repeat(depth)}`);
  }

  #close(count: number, depth: number, bracket: string): number {
    return this.#write(count === 0 ? bracket : `\n${'  '.repeat(depth - 1)}${bracket}`);
  }

  /** @returns the offset after what was written. */
  #write(text: string): number {
    this.#pieces.push(text);
    this.#length += text.length;
    return this.#length;
  }
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value))
  );
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // an object of another realm has that realm's Object.prototype
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
