import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  parseAllDocuments,
  Scalar,
  type YAMLMap,
} from 'yaml';
import type { Findings } from '../findings.ts';
import type { Node } from './node.ts';
import type { Source } from './source.ts';
import {
  deepestNesting,
  TreeBuilder,
  UnbuildableError,
  type WrittenKey,
  type WrittenPair,
} from './tree-builder.ts';

type Written = ParsedNode | null;

/** Parses with the `yaml` library: all of YAML, and a place and a reason for every mistake. */
export function parseWithLibrary(source: Source, findings: Findings): Node[] {
  const trees: Node[] = [];
  // failsafe: every scalar as a string, so that our own rules decide what it means
  const documents = parseAllDocuments(source.text, {
    schema: 'failsafe',
    uniqueKeys: false,
    logLevel: 'silent',
    prettyErrors: false,
  });
  if (!Array.isArray(documents)) {
    return trees;
  }
  // one for all documents: as in Compose, an alias may name an anchor of an earlier one
  const walk = new LibraryWalk(source, findings);
  for (const document of documents) {
    if (document.errors.length > 0) {
      for (const error of document.errors) {
        const place = {
          source,
          start: error.pos[0],
          end: Math.max(error.pos[1], error.pos[0] + 1),
        };
        findings.error('COMPOSE_YAML_SYNTAX', lowerFirst(error.message), place, {
          ...syntaxHint(source.text, error.pos[0]),
        });
      }
      continue;
    }
    if (document.contents === null) {
      continue;
    }
    try {
      trees.push(walk.node(document.contents, 0));
    } catch (error) {
      if (!(error instanceof UnbuildableError)) {
        throw error;
      }
      // what made one document unbuildable is no accident in the next
      break;
    }
  }
  return trees;
}

class LibraryWalk {
  readonly #source: Source;
  readonly #findings: Findings;
  readonly #builder: TreeBuilder;

  constructor(source: Source, findings: Findings) {
    this.#source = source;
    this.#findings = findings;
    this.#builder = new TreeBuilder(source, findings);
  }

  node(written: Written, depth: number): Node {
    if (isAlias(written)) {
      const [start, end] = (written as Alias.Parsed).range;
      return this.#builder.alias(written.source, start, end);
    }
    const anchor = written?.anchor;
    if (written === null || anchor === undefined) {
      return this.#tagged(written, depth);
    }
    const opened = this.#builder.openAnchor(anchor);
    const node = this.#tagged(written, depth);
    this.#builder.closeAnchor(anchor, node, opened);
    return node;
  }

  #tagged(written: Written, depth: number): Node {
    const node = this.#untagged(written, depth);
    switch (written?.tag) {
      case '!reset':
        return this.#builder.tag(node, 'reset');
      case '!override':
        return this.#builder.tag(node, 'override');
      default:
        return node;
    }
  }

  #untagged(written: Written, depth: number): Node {
    const [start, end] = written?.range ?? [0, 0];
    if (depth > deepestNesting) {
      this.#findings.error('COMPOSE_LIMIT', `nested deeper than ${deepestNesting} levels`, {
        source: this.#source,
        start,
        end,
      });
      throw new UnbuildableError();
    }
    if (isMap(written)) {
      return this.#builder.map(this.#pairs(written as YAMLMap.Parsed, depth), start, end);
    }
    if (isSeq(written)) {
      const items = written.items.map((item) => this.node(item as Written, depth + 1));
      return this.#builder.seq(items, start, end);
    }
    if (isScalar(written)) {
      const text = String(written.value ?? '');
      const isPlain = written.type === Scalar.PLAIN && written.tag !== 'tag:yaml.org,2002:str';
      return isPlain
        ? this.#builder.plain(written.source ?? text, start, end)
        : this.#builder.quoted(this.#clipped(written, text, end), start, end);
    }
    return this.#builder.plain('', start, end);
  }

  /** A block that the file's end cuts off has no line break to keep; the library adds one. */
  #clipped(written: Scalar, text: string, end: number): string {
    const isBlock = written.type === Scalar.BLOCK_LITERAL || written.type === Scalar.BLOCK_FOLDED;
    const { text: file } = this.#source;
    return isBlock && end >= file.length && !file.endsWith('\n') && text.endsWith('\n')
      ? text.slice(0, -1)
      : text;
  }

  #pairs(map: YAMLMap.Parsed, depth: number): WrittenPair[] {
    return map.items.map(({ key, value }) => {
      const written = this.#key(key as Written);
      const node =
        value === null
          ? this.#builder.plain('', written.end, written.end)
          : this.node(value as Written, depth + 1);
      return { key: written, value: node };
    });
  }

  #key(key: Written): WrittenKey {
    const [start, end] = key?.range ?? [0, 0];
    const place = { source: this.#source, start, end };
    if (isAlias(key)) {
      const target = this.#builder.alias(key.source, start, end);
      return target.kind === 'scalar' && typeof target.value === 'string'
        ? { ...place, text: target.value, quoted: true }
        : { ...place, text: '', quoted: false, complex: true };
    }
    if (isScalar(key)) {
      if (key.anchor !== undefined) {
        const opened = this.#builder.openAnchor(key.anchor);
        this.#builder.closeAnchor(key.anchor, this.#untagged(key, 0), opened);
      }
      const quoted = key.type !== Scalar.PLAIN || key.tag !== undefined;
      return { ...place, text: String(key.value ?? ''), quoted };
    }
    return { ...place, text: '', quoted: false, complex: key !== null };
  }
}

function lowerFirst(message: string): string {
  const text = message.trim().replace(/\.$/, '');
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The usual reasons for a mistake at this place. */
function syntaxHint(text: string, offset: number): { hint?: string } {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const lineEnd = text.indexOf('\n', offset);
  const line = text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd);
  if (/^ *\t/.test(line)) {
    return { hint: 'Indent with spaces; YAML does not allow tabs there.' };
  }
  if (/[:-] +[@`%]/.test(line)) {
    return { hint: 'Put the value in quotes.' };
  }
  if (/: .*: /.test(line)) {
    return { hint: 'Put a value that contains ": " in quotes.' };
  }
  return {};
}
