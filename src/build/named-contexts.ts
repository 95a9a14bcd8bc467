import { AppError } from '../core/index.ts';
import { formatFamiliar, parseReference, withDefaultTag } from '../image/index.ts';
import type { BuilderOptions, ContextSource } from './build-options.ts';
import { loadLayoutImage } from './context/oci-layout.ts';
import { contextFiles, type OpenedContext, openContext } from './context/open-context.ts';
import type { Token } from './dockerfile/ast.ts';
import { dockerfileError } from './dockerfile/dockerfile-error.ts';
import { imageBase } from './graph/base-state.ts';
import type { BuildRun, SolvedStage } from './graph/build-run.ts';
import { placed } from './steps/copy-step.ts';
import { contextSource, type FileSource, stateSource } from './steps/file-source.ts';

type FileContext = Parameters<typeof openContext>[0];

/** The contexts that a build was given by name; they win over stages and images. */
export class NamedContexts {
  readonly #sources: ReadonlyMap<string, ContextSource>;
  readonly #builder: BuilderOptions;
  readonly #signal: AbortSignal;
  readonly #opened = new Map<string, Promise<OpenedContext>>();
  /** Ids of images that were brought here for this build. */
  readonly #loaded = new Map<ContextSource, Promise<string>>();
  readonly #closing: (() => void)[] = [];

  constructor(
    sources: Readonly<Record<string, ContextSource>>,
    builder: BuilderOptions,
    signal: AbortSignal,
  ) {
    this.#sources = new Map(
      Object.entries(sources).map(([name, source]) => [canonical(name), source]),
    );
    this.#builder = builder;
    this.#signal = signal;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  get(name: string): ContextSource | undefined {
    return this.#sources.get(canonical(name));
  }

  /** A context that FROM names: only an image can be built upon. */
  async base(run: BuildRun, source: ContextSource, token: Token): Promise<SolvedStage> {
    const reference = await this.#image(source, token);
    if (reference !== undefined) return imageBase(run, reference, token);
    throw dockerfileError(token.range, `context "${token.text}" is no image, and FROM needs one`, {
      code: 'BUILD_CONTEXT_INVALID',
    });
  }

  /** A context that `--from` names. */
  async source(run: BuildRun, source: ContextSource, token: Token): Promise<FileSource> {
    const reference = await this.#image(source, token);
    if (reference !== undefined) {
      const { state } = await imageBase(run, reference, token);
      return stateSource(state, run.cache, run.builder.native);
    }
    try {
      const { folder } = await this.#open(token.text, source as FileContext);
      const { readFileSync } = await import('node:fs');
      const ignore = optionalText(() => readFileSync(`${folder}/.dockerignore`, 'utf8'));
      return contextSource(contextFiles(folder, ignore), run.hashes);
    } catch (error) {
      throw placed(error, token.range);
    }
  }

  close(): void {
    for (const close of this.#closing) close();
  }

  /** The image that a context is, by a name or id of the store; undefined for files. */
  async #image(source: ContextSource, token: Token): Promise<string | undefined> {
    if (source.kind === 'image') return source.reference;
    if (source.kind !== 'oci-layout') return undefined;
    const loading =
      this.#loaded.get(source) ?? loadLayoutImage(source, this.#builder, this.#signal);
    this.#loaded.set(source, loading);
    try {
      return await loading;
    } catch (error) {
      throw placed(error, token.range);
    }
  }

  #open(name: string, source: FileContext): Promise<OpenedContext> {
    const opened =
      this.#opened.get(name) ??
      openContext(source, this.#builder, this.#signal).then((context) => {
        this.#closing.push(context.close);
        return context;
      });
    this.#opened.set(name, opened);
    return opened;
  }
}

/** A context may stand for an image under any of the image's spellings. */
function canonical(name: string): string {
  try {
    return formatFamiliar(withDefaultTag(parseReference(name.toLowerCase())));
  } catch (error) {
    if (error instanceof AppError) return name.toLowerCase();
    throw error;
  }
}

function optionalText(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
