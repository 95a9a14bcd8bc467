import { AppError } from '../../core/index.ts';

/** Bytes that, typed one after the other, detach from a container. */
export type KeySequence = readonly number[];

/** Ctrl-P, Ctrl-Q. */
export const defaultDetachKeys: KeySequence = [0x10, 0x11];

/**
 * Docker's notation: keys separated by commas, each a letter or `ctrl-` and one of `a` to `z`, `@`, `[`, `\`, `]`, `^`, `_`.
 * @throws {AppError} `CLI_USAGE`
 */
export function parseDetachKeys(text: string): KeySequence {
  return text.split(',').map((key) => {
    const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
    if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
    throw new AppError('CLI_USAGE', `invalid detach keys (${text}): unknown character: '${key}'`, {
      hint: 'Write them as in ctrl-p,ctrl-q or ctrl-@,d.',
    });
  });
}

/** Looks for the sequence in what is typed. A beginning of it is held back until it is clear what becomes of it. */
export class DetachWatcher {
  readonly #keys: KeySequence;
  #matched = 0;

  constructor(keys: KeySequence) {
    this.#keys = keys;
  }

  /** What of the input is for the container; undefined once the whole sequence was typed. */
  take(input: Uint8Array): Uint8Array | undefined {
    const passed: number[] = [];
    for (const byte of input) {
      if (byte !== this.#keys[this.#matched]) {
        passed.push(...this.#keys.slice(0, this.#matched));
        this.#matched = 0;
      }
      if (byte !== this.#keys[this.#matched]) {
        passed.push(byte);
        continue;
      }
      this.#matched += 1;
      if (this.#matched === this.#keys.length) return undefined;
    }
    return Uint8Array.from(passed);
  }
}
