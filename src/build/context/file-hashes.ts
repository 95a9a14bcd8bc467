import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Smaller files are read faster than they are looked up. */
const worthKeeping = 64 * 1024;
/** A file that was written this shortly before it was read may be written again within the same tick of its times. */
const settledNs = 20_000_000n;
const chunk = 256 * 1024;

/**
 * Digests of files' contents. Those of larger files are kept with what `stat` says of the file, so that an unchanged one is not
 * read again.
 */
export class FileHashes {
  readonly #path: string;
  readonly #now: () => number;
  #known: Map<string, string> | undefined;
  #isChanged = false;

  /** @param path  where they are kept. */
  constructor(path: string, now: () => number) {
    this.#path = path;
    this.#now = now;
  }

  /** sha256 in hex. A file that is no regular one any more, or a link now, is an error of `open`. */
  hash(path: string): string {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd, { bigint: true });
      if (stat.size < worthKeeping) return hashOf(fd);
      const key = [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ');
      this.#known ??= this.#load();
      const known = this.#known.get(key);
      if (known !== undefined) return known;
      const hash = hashOf(fd);
      if (BigInt(this.#now()) * 1_000_000n - stat.ctimeNs > settledNs) {
        this.#known.set(key, hash);
        this.#isChanged = true;
      }
      return hash;
    } finally {
      closeSync(fd);
    }
  }

  /** Writes down what is new. Losing it costs time only. */
  save(): void {
    if (!this.#isChanged || this.#known === undefined) return;
    this.#isChanged = false;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const temporary = `${this.#path}.${process.pid}`;
    const lines = Array.from(this.#known, ([key, hash]) => `${hash} ${key}\n`);
    writeFileSync(temporary, lines.slice(-100_000).join(''), { mode: 0o600 });
    renameSync(temporary, this.#path);
  }

  #load(): Map<string, string> {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch {
      // Not there yet, or unreadable: then every file is read.
      return new Map();
    }
    return new Map(
      text.split('\n').flatMap((line): [string, string][] => {
        const [, hash, key] = /^([0-9a-f]{64}) ([\d ]+)$/.exec(line) ?? [];
        return hash === undefined || key === undefined ? [] : [[key, hash]];
      }),
    );
  }
}

function hashOf(fd: number): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(chunk);
  for (;;) {
    const size = readSync(fd, buffer, 0, chunk, null);
    if (size === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, size));
  }
}
