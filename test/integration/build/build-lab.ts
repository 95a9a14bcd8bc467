/** A builder over an engine's folders: contexts are written from a table of files, progress is collected. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type BuildEvent,
  Builder,
  type BuildOptions,
  type BuiltImage,
} from '../../../src/build/index.ts';
import { isAppError } from '../../../src/core/index.ts';
import { resolveImage } from '../../../src/image/index.ts';
import { EngineLab, nativeBinary } from '../engine/engine-lab.ts';

/** Path → content; a link's target behind `-> `. */
export type Files = Readonly<Record<string, string>>;

export interface BuildReport {
  readonly image: BuiltImage;
  /** Names of the steps that were done, not taken from the cache. */
  readonly done: string[];
  /** All that RUN has put out. */
  readonly output: string;
}

export class BuildLab extends EngineLab {
  readonly events: BuildEvent[] = [];

  builder(): Builder {
    return new Builder({
      roots: this.roots,
      native: nativeBinary,
      runStep: (step) => this.engine.runStep(step),
      registry: { env: {}, now: Date.now },
      now: Date.now,
      monotonicMs: () => performance.now(),
      env: { PATH: process.env.PATH },
    });
  }

  /** A folder with these files. */
  context(files: Files): string {
    const folder = mkdtempSync(join(this.folder, 'context-'));
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      if (content.startsWith('-> ')) symlinkSync(content.slice(3), path);
      else {
        writeFileSync(path, content);
        chmodSync(path, 0o644);
      }
    }
    return folder;
  }

  /** Builds a Dockerfile with these files beside it. */
  async build(
    dockerfile: string,
    files: Files | string = {},
    options: Partial<BuildOptions> = {},
  ): Promise<BuildReport> {
    const events: BuildEvent[] = [];
    const image = await this.builder().build({
      context: {
        kind: 'folder',
        path: typeof files === 'string' ? files : this.context(files),
      },
      dockerfile: { kind: 'inline', text: dockerfile, name: 'Dockerfile' },
      tags: ['lab/built'],
      onProgress: (event) => events.push(event),
      ...options,
    });
    const done = events
      .filter(({ kind, vertex }) => kind === 'done' && /^\[[^i]/.test(vertex.name))
      .map(({ vertex }) => vertex.name);
    const output = events.map((event) => (event.kind === 'output' ? event.text : '')).join('');
    return { image, done, output };
  }

  override async expectClean(): Promise<void> {
    // Where nothing but steps ran, nobody has told of anything.
    appendFileSync(join(this.roots.run, 'events'), '');
    await super.expectClean();
  }

  /** The failure of a build, which must have this code. */
  async failure(code: string, work: Promise<unknown>) {
    try {
      await work;
    } catch (error) {
      if (isAppError(error) && error.code === code) return error;
      throw error;
    }
    throw new Error(`expected ${code}`);
  }

  /** Runs a command in a container of the built image; its output. */
  async outputOf(...argv: string[]): Promise<string> {
    const container = await this.engine.createContainer({ Image: 'lab/built', Cmd: argv });
    try {
      await container.start();
      await container.wait();
      let text = '';
      for await (const { line } of this.engine.logEntries(container.id)) {
        text += `${Buffer.from(line).toString('utf8')}\n`;
      }
      return text;
    } finally {
      await container.remove({ force: true, v: true });
    }
  }

  /** What the topmost layer of the built image holds, as `tar` lists its archive. */
  topLayer(): string[] {
    const { layerPaths } = resolveImage(this.roots, 'lab/built');
    return execFileSync('find', ['.', '-mindepth', '1', '-printf', '%P\n'], {
      cwd: layerPaths[0],
      encoding: 'utf8',
    })
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  }
}
