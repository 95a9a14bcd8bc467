import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { removeTree } from '../../src/image/index.ts';

/** Absolute path of the native program under test. */
export const nativeBinary = join(
  process.env.CORACLE_NATIVE ?? resolve(import.meta.dirname, '../../native/build'),
  'coracle-runtime',
);

export interface UntarRun {
  readonly status: number | null;
  /** The JSON line on standard output, where it succeeded. */
  readonly result: { diffId: string; size: number; entries: number; skippedXattrs: string[] };
  /** The JSON line on standard error, where it failed. */
  readonly failure: { op: string; path: string; errnoName: string; message: string };
}

/**
 * A folder with `root`, into which archives are unpacked, beside `outside`, which holds a file `secret` that nothing may
 * touch.
 */
export class UntarBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'coracle-untar-'));
  readonly root = join(this.folder, 'root');
  readonly outside = join(this.folder, 'outside');
  readonly secret = join(this.outside, 'secret');

  constructor() {
    mkdirSync(this.root);
    mkdirSync(this.outside);
    writeFileSync(this.secret, 'untouched');
  }

  untar(archive: Buffer, ...flags: string[]): UntarRun {
    const run = spawnSync(nativeBinary, ['untar', ...flags, '--root', this.root], {
      input: archive,
    });
    if (run.error && !('code' in run.error && run.error.code === 'EPIPE')) throw run.error;
    return {
      status: run.status,
      result: run.status === 0 ? JSON.parse(run.stdout.toString()) : undefined,
      failure: run.status === 1 ? JSON.parse(run.stderr.toString()) : undefined,
    };
  }

  remove(): void {
    removeTree(this.folder);
  }
}
