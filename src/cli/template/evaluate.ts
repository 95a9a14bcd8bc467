import { isTrue, templateFunctions, typeName } from './functions.ts';
import type { Call, Node, Operand, Pipeline } from './parser.ts';
import { printValue } from './print-value.ts';
import { TemplateError } from './template-error.ts';

/** Names of a scope, innermost first found. */
class Scope {
  readonly #values = new Map<string, unknown>();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  get(name: string): unknown {
    if (this.#values.has(name)) return this.#values.get(name);
    if (this.#outer === undefined) throw new TemplateError(`undefined variable "${name}"`);
    return this.#outer.get(name);
  }

  declare(name: string, value: unknown): void {
    this.#values.set(name, value);
  }

  assign(name: string, value: unknown): void {
    if (this.#values.has(name)) this.#values.set(name, value);
    else if (this.#outer === undefined) throw new TemplateError(`undefined variable "${name}"`);
    else this.#outer.assign(name, value);
  }
}

/** How a `range` ends early: thrown to its loop. */
class LoopJump {
  readonly kind: 'break' | 'continue';
  constructor(kind: 'break' | 'continue') {
    this.kind = kind;
  }
}

/** Functions that take the place of the usual ones, as a table's header line needs them. */
export type FunctionTable = Readonly<Record<string, (...values: readonly unknown[]) => unknown>>;

/**
 * Applies a parsed template to a value.
 * @throws {TemplateError} for a field that the value lacks (an upper-case name: those are Docker's own; a missing key of
 * the user's own maps prints `<no value>`), a wrong argument, an unknown function.
 */
export function evaluateTemplate(
  nodes: readonly Node[],
  data: unknown,
  functions: FunctionTable = templateFunctions,
): string {
  const scope = new Scope();
  scope.declare('$', data);
  const evaluator = new Evaluator(functions);
  evaluator.list(nodes, data, scope);
  return evaluator.output;
}

class Evaluator {
  output = '';
  readonly #functions: FunctionTable;

  constructor(functions: FunctionTable) {
    this.#functions = functions;
  }

  list(nodes: readonly Node[], dot: unknown, scope: Scope): void {
    for (const node of nodes) this.#node(node, dot, scope);
  }

  #node(node: Node, dot: unknown, scope: Scope): void {
    switch (node.kind) {
      case 'text':
        this.output += node.text;
        return;
      case 'print': {
        const value = this.#pipeline(node.pipeline, dot, scope);
        if (node.pipeline.variables.length === 0) this.output += printValue(value);
        return;
      }
      case 'break':
      case 'continue':
        throw new LoopJump(node.kind);
      case 'range':
        this.#range(node, dot, scope);
        return;
      default: {
        const inner = new Scope(scope);
        const value = this.#pipeline(node.pipeline, dot, inner);
        if (!isTrue(value)) this.list(node.otherwise, dot, inner);
        else this.list(node.body, node.kind === 'with' ? value : dot, inner);
      }
    }
  }

  #range(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: unknown, scope: Scope): void {
    const { variables, calls } = node.pipeline;
    const value = this.#pipeline({ variables: [], declares: false, calls }, dot, scope);
    const entries = entriesOf(value);
    if (entries.length === 0) this.list(node.otherwise, dot, new Scope(scope));
    for (const [key, item] of entries) {
      const inner = new Scope(scope);
      const named = variables.length === 2 ? [key, item] : [item];
      for (const [index, name] of variables.entries()) inner.declare(name, named[index]);
      try {
        this.list(node.body, item, inner);
      } catch (error) {
        if (!(error instanceof LoopJump)) throw error;
        if (error.kind === 'break') break;
      }
    }
  }

  #pipeline(pipeline: Pipeline, dot: unknown, scope: Scope): unknown {
    let value: unknown;
    for (const [index, call] of pipeline.calls.entries()) {
      value = this.#call(call, dot, scope, index === 0 ? [] : [value]);
    }
    for (const name of pipeline.variables) {
      if (pipeline.declares) scope.declare(name, value);
      else scope.assign(name, value);
    }
    return value;
  }

  /** @param piped  the value before the pipe, which becomes the last argument. */
  #call([first, ...rest]: Call, dot: unknown, scope: Scope, piped: readonly unknown[]): unknown {
    if (first?.kind !== 'function') {
      const value = this.#operand(first as Operand, dot, scope);
      const values = [...rest.map((operand) => this.#operand(operand, dot, scope)), ...piped];
      // A method of Docker's, as `.Label "com.example.stage"`.
      if (typeof value === 'function') return value(...values);
      if (values.length > 0) {
        throw new TemplateError(`can't give argument to non-function ${describe(first)}`);
      }
      return value;
    }
    const { name } = first;
    if (name === 'and' || name === 'or') {
      let value: unknown;
      for (const operand of rest) {
        value = this.#operand(operand, dot, scope);
        if (isTrue(value) === (name === 'or')) return value;
      }
      return piped.length > 0 ? piped[0] : value;
    }
    const known = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (known === undefined) throw new TemplateError(`function "${name}" not defined`);
    return known(...rest.map((operand) => this.#operand(operand, dot, scope)), ...piped);
  }

  #operand(operand: Operand, dot: unknown, scope: Scope): unknown {
    switch (operand.kind) {
      case 'literal':
        return operand.value;
      case 'dot':
        return operand.fields.reduce(fieldOf, dot);
      case 'variable':
        return operand.fields.reduce(fieldOf, scope.get(operand.name));
      case 'group':
        return operand.fields.reduce(fieldOf, this.#pipeline(operand.pipeline, dot, scope));
      case 'function':
        return this.#call([operand], dot, scope, []);
    }
  }
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    if (Object.hasOwn(value, name)) return (value as Record<string, unknown>)[name];
    if (!/^[A-Z]/.test(name)) return undefined;
    throw new TemplateError(`can't evaluate field ${name}`);
  }
  if (value === null || value === undefined) {
    throw new TemplateError(`nil pointer evaluating field ${name}`);
  }
  throw new TemplateError(`can't evaluate field ${name} in type ${typeName(value)}`);
}

function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(value)) return value.map((item, index) => [index, item] as const);
  if (typeof value === 'number') return Array.from({ length: value }, (_, at) => [at, at] as const);
  if (value === null || value === undefined) return [];
  if (typeof value === 'object') return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  throw new TemplateError(`range can't iterate over ${printValue(value)}`);
}

function describe(operand: Operand | undefined): string {
  if (operand?.kind === 'dot') return `.${operand.fields.join('.')}`;
  return operand?.kind === 'literal' ? JSON.stringify(operand.value) : 'value';
}
