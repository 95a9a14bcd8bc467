import type { Findings } from '../findings.ts';
import type { NodeBudget } from '../node-budget.ts';
import { type PathLink, pathText } from '../path-link.ts';
import { type PatternStep, stepInto, stepIntoItem } from '../path-pattern.ts';
import { type MapEntry, mapAt, type Node, type ScalarNode, scalarAt } from '../yaml/node.ts';
import { type Cast, casts, castText, isOldBoolean } from './casts.ts';
import { expandTemplate, type TemplateFailure, type VariableLookup } from './template.ts';

/** Remembers which variables a project uses, where, and what they came to. */
export interface VariableRecord {
  /** Uses of a variable that is not set, in the order in which they were met. */
  readonly unset: Map<string, ScalarNode[]>;
  /** Every place that uses a variable. */
  readonly uses: Map<string, ScalarNode[]>;
}

export interface InterpolationContext {
  readonly lookup: VariableLookup;
  readonly findings: Findings;
  readonly variables: VariableRecord;
  /** False keeps templates as they are (`--no-interpolate`); the copy is made all the same. */
  readonly enabled: boolean;
  readonly budget: NodeBudget;
}

/**
 * A private copy of `root` with variables replaced and texts turned into the numbers and booleans that
 * their keys take; values tagged `!reset` are left out.
 */
export function interpolate(root: Node, context: InterpolationContext): Node {
  if (context.budget.isSpent) {
    return mapAt(root);
  }
  return new Interpolation(context).copy(root, casts, undefined);
}

class Interpolation {
  readonly #context: InterpolationContext;

  constructor(context: InterpolationContext) {
    this.#context = context;
  }

  copy(node: Node, step: PatternStep<Cast> | undefined, path: PathLink | undefined): Node {
    const { budget, findings } = this.#context;
    if (!budget.spend(1)) {
      if (budget.takeReport()) {
        findings.error('COMPOSE_LIMIT', 'the files hold more values than a project can have', node);
      }
      return scalarAt(node, null);
    }
    switch (node.kind) {
      case 'scalar':
        return this.#scalar(node, step, path);
      case 'seq': {
        const next = stepIntoItem(step);
        const items: Node[] = [];
        for (let index = 0; index < node.items.length; index += 1) {
          const item = node.items[index];
          if (item !== undefined && item.tag !== 'reset') {
            items.push(this.copy(item, next, { key: index, above: path }));
          }
        }
        return { ...node, items };
      }
      case 'map': {
        const entries = new Map<string, MapEntry>();
        for (const [key, entry] of node.entries) {
          if (entry.value.tag !== 'reset') {
            const value = this.copy(entry.value, stepInto(step, key), { key, above: path });
            entries.set(key, { key: entry.key, value });
          }
        }
        return { ...node, entries };
      }
    }
  }

  #scalar(
    node: ScalarNode,
    step: PatternStep<Cast> | undefined,
    path: PathLink | undefined,
  ): ScalarNode {
    if (typeof node.value !== 'string' || !this.#context.enabled) {
      return { ...node };
    }
    const text = this.#expand(node, node.value, path);
    if (text === undefined) {
      return { ...node };
    }
    const template = text === node.value ? node.template : node.value;
    const cast = step?.rule;
    if (cast === undefined) {
      return text === node.value ? { ...node } : withTemplate({ ...node, value: text }, template);
    }
    const value = castText(text, cast);
    if (value === undefined) {
      this.#reportCast(node, text, cast, path);
      return withTemplate({ ...node, value: text }, template);
    }
    if (cast === 'boolean' && isOldBoolean(text)) {
      this.#context.findings.warning(
        'COMPOSE_DEPRECATED',
        `"${text}" for a boolean is not YAML 1.2`,
        node,
        { hint: `Write ${String(value)}.` },
      );
    }
    const float = cast === 'float' ? { float: true } : {};
    return withTemplate({ ...node, value, ...float }, template);
  }

  #expand(node: ScalarNode, template: string, path: PathLink | undefined): string | undefined {
    if (!template.includes('$')) {
      return template;
    }
    const { lookup, variables } = this.#context;
    const used = (name: string) => {
      remember(variables.uses, name, node);
      return lookup(name);
    };
    const { text, failure } = expandTemplate(template, used, (name) =>
      remember(variables.unset, name, node),
    );
    if (failure !== undefined) {
      this.#reportFailure(node, template, failure, path);
      return undefined;
    }
    return text;
  }

  #reportFailure(
    node: ScalarNode,
    template: string,
    failure: TemplateFailure,
    path: PathLink | undefined,
  ): void {
    const { findings } = this.#context;
    if (failure.kind === 'required') {
      const reason = failure.reason === '' ? '' : `: ${failure.reason}`;
      findings.error(
        'COMPOSE_VARIABLE_REQUIRED',
        `${pathText(path)}: required variable ${failure.variable} is not set${reason}`,
        node,
        { hint: `Set ${failure.variable} in the environment or in .env.` },
      );
      return;
    }
    const raw = node.source.text.slice(node.start, node.end);
    const inRaw = raw.indexOf(template.slice(failure.offset, failure.offset + 8));
    const start = inRaw === -1 ? node.start : node.start + inRaw;
    findings.error(
      'COMPOSE_INTERPOLATION_INVALID',
      `${pathText(path)}: "${template.slice(failure.offset, failure.offset + 20)}" is no variable`,
      { source: node.source, start, end: Math.max(node.end, start + 1) },
      { hint: 'Write `$$` for a plain dollar sign, `${NAME}` for a variable.' },
    );
  }

  #reportCast(node: ScalarNode, text: string, cast: Cast, path: PathLink | undefined): void {
    const kind = cast === 'boolean' ? 'a boolean' : cast === 'integer' ? 'an integer' : 'a number';
    const before = text === node.value ? '' : ` (from ${String(node.value)})`;
    this.#context.findings.error(
      'COMPOSE_TYPE_MISMATCH',
      `${pathText(path)} must be ${kind}, got "${text}"${before}`,
      node,
    );
  }
}

function withTemplate(node: ScalarNode, template: string | undefined): ScalarNode {
  return template === undefined ? node : { ...node, template };
}

function remember(record: Map<string, ScalarNode[]>, name: string, node: ScalarNode): void {
  const nodes = record.get(name);
  if (nodes === undefined) {
    record.set(name, [node]);
  } else if (nodes.length < 100 && nodes.at(-1) !== node) {
    nodes.push(node);
  }
}
