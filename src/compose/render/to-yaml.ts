import { compareKeys } from './compare-keys.ts';
import { inlineScalar, stringScalar } from './yaml-scalar.ts';

/**
 * Which mappings have keys that the user chose: those are sorted, others keep the order of the model.
 * `true` for all of them from here down (an extension's value).
 */
export type KeyOrder = (path: readonly string[]) => boolean;

/** Writes plain data as YAML in blocks, two spaces a level, as Docker Compose does. */
export function toYaml(value: Readonly<Record<string, unknown>>, isUserKeyed: KeyOrder): string {
  if (Object.keys(value).length === 0) return '{}\n';
  const writer = new YamlWriter(isUserKeyed);
  writer.mapping(value, '', '');
  return writer.text();
}

/** Collects lines in one array: large projects have tens of thousands, which nested lists would copy once a level. */
class YamlWriter {
  readonly #isUserKeyed: KeyOrder;
  readonly #lines: string[] = [];
  readonly #path: string[] = [];
  readonly #keys = new Map<string, string>();

  constructor(isUserKeyed: KeyOrder) {
    this.#isUserKeyed = isUserKeyed;
  }

  text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  /** `start` stands before the first key in place of the indent: a list item's dash. */
  mapping(value: Readonly<Record<string, unknown>>, indent: string, start: string): void {
    const keys = Object.keys(value);
    if (this.#isUserKeyed(this.#path)) keys.sort(compareKeys);
    let before = start;
    for (const key of keys) {
      this.#path.push(key);
      this.#entry(`${before}${this.#key(key)}:`, value[key], `${indent}  `);
      this.#path.pop();
      before = indent;
    }
  }

  #entry(head: string, value: unknown, indent: string): void {
    if (Array.isArray(value)) {
      if (value.length === 0) {
        this.#lines.push(`${head} []`);
        return;
      }
      this.#lines.push(head);
      this.#items(value, indent, indent);
    } else if (typeof value === 'object' && value !== null) {
      const map = value as Record<string, unknown>;
      if (Object.keys(map).length === 0) {
        this.#lines.push(`${head} {}`);
        return;
      }
      this.#lines.push(head);
      this.mapping(map, indent, indent);
    } else {
      this.#lines.push(`${head} ${scalar(value, indent)}`);
    }
  }

  /** A mapping or list that is an item starts on the line of the dash. */
  #items(items: readonly unknown[], indent: string, start: string): void {
    const inner = `${indent}  `;
    let dash = `${start}- `;
    for (const item of items) {
      this.#path.push('-');
      if (Array.isArray(item) && item.length > 0) {
        this.#items(item, inner, dash);
      } else if (typeof item === 'object' && item !== null && Object.keys(item).length > 0) {
        this.mapping(item as Record<string, unknown>, inner, dash);
      } else {
        this.#lines.push(`${dash}${emptyOrScalar(item, inner)}`);
      }
      this.#path.pop();
      dash = `${indent}- `;
    }
  }

  /** Most keys come again and again. */
  #key(key: string): string {
    let text = this.#keys.get(key);
    if (text === undefined) {
      text = inlineScalar(key);
      this.#keys.set(key, text);
    }
    return text;
  }
}

function emptyOrScalar(value: unknown, indent: string): string {
  if (Array.isArray(value)) return '[]';
  return typeof value === 'object' && value !== null ? '{}' : scalar(value, indent);
}

function scalar(value: unknown, indent: string): string {
  if (typeof value === 'string') {
    return stringScalar(value, indent);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
  }
  return String(value ?? null);
}
