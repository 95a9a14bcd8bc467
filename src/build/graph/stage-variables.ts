import { envMap } from './image-config.ts';

/**
 * The variables of a stage at one point of it: ENV and ARG in the order in which they were set, the later one winning. A stage that is
 * built upon another one inherits its arguments, too, but ENV of the image then wins again.
 */
export class StageVariables {
  readonly #values: Map<string, string>;
  /** Arguments by name; undefined: declared, and without a value. */
  readonly #declared: Map<string, string | undefined>;

  constructor(base: StageVariables | undefined, env: readonly string[] | undefined) {
    this.#values = new Map([...(base?.values ?? []), ...envMap(env)]);
    this.#declared = new Map(base?.declared ?? []);
  }

  get values(): ReadonlyMap<string, string> {
    return this.#values;
  }

  get declared(): ReadonlyMap<string, string | undefined> {
    return this.#declared;
  }

  setEnv(env: readonly string[] | undefined, names: readonly string[]): void {
    const all = envMap(env);
    for (const name of names) this.#values.set(name, all.get(name) ?? '');
  }

  declare(name: string, value: string | undefined): void {
    this.#declared.set(name, value);
    if (value !== undefined) this.#values.set(name, value);
  }

  /** What stands before the command of a RUN in the history: `|2 A=1 B= `. */
  historyPrefix(): string {
    if (this.#declared.size === 0) return '';
    const entries = Array.from(
      this.#declared,
      ([name, value]) => `${name}=${this.#values.get(name) ?? value ?? ''}`,
    );
    return `|${entries.length} ${entries.join(' ')} `;
  }
}
