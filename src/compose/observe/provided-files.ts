import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { FileObject, FileReference, Project } from '../model/index.ts';
import type { PlanFinding, ProvidedCopy, ProvidedFiles } from '../plan/index.ts';

/** What reading configs and secrets depends on. */
export interface ProvidedFilesOptions {
  readonly project: Project;
  /** Variables as interpolation saw them, for `environment:` sources. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder of ours in which copies are put, below `<data>/projects/<name>`. */
  readonly folder: string;
  /** The file's bytes, or `undefined` where there is none. */
  readonly read: (path: string) => Uint8Array | undefined;
  readonly report: (finding: PlanFinding) => void;
}

/** Docker's own default for what it copies. */
const defaultMode = 0o444;

type Kind = 'configs' | 'secrets';

/**
 * Reads what services' configs and secrets hold, once each. A `file:` that asks for no other owner or mode is
 * mounted as it is, so edits are seen at once; anything else becomes a copy, named after its content.
 */
export function readProvidedFiles(options: ProvidedFilesOptions): ProvidedFiles {
  const contents = new Map<string, Uint8Array>();

  const contentOf = (kind: Kind, source: string): Uint8Array => {
    const key = `${kind}/${source}`;
    const known = contents.get(key);
    if (known !== undefined) return known;
    const content = readContent(options, kind, source) ?? new Uint8Array();
    contents.set(key, content);
    return content;
  };

  const copyFor = (kind: Kind, reference: FileReference): ProvidedCopy | undefined => {
    const definition = options.project[kind]?.[reference.source];
    const { uid, gid, mode } = reference;
    if (
      definition?.file !== undefined &&
      uid === undefined &&
      gid === undefined &&
      mode === undefined
    ) {
      return undefined;
    }
    const copy = {
      content: contentOf(kind, reference.source),
      uid: Number(uid ?? 0),
      gid: Number(gid ?? 0),
      mode: mode === undefined ? defaultMode : Number.parseInt(mode, 8),
    };
    const name = sha256(
      Buffer.from(`${copy.uid}:${copy.gid}:${copy.mode}:${sha256(copy.content)}`),
    ).slice(0, 16);
    return { path: join(options.folder, kind, `${reference.source}-${name}`), ...copy };
  };

  return {
    copyFor,
    pathFor: (kind, reference) =>
      copyFor(kind, reference)?.path ?? options.project[kind]?.[reference.source]?.file ?? '',
    digestOf: (kind, reference) => sha256(contentOf(kind, reference.source)),
  };
}

function readContent(
  { project, environment, read, report }: ProvidedFilesOptions,
  kind: Kind,
  source: string,
): Uint8Array | undefined {
  const definition: FileObject | undefined = project[kind]?.[source];
  if (definition === undefined) return undefined;
  const what = `${kind.slice(0, -1)} "${source}"`;
  if (definition.content !== undefined) return Buffer.from(definition.content);
  if (definition.environment !== undefined) {
    const value = environment[definition.environment];
    if (value !== undefined) return Buffer.from(value);
    report({
      code: 'PROJECT_NOT_SUPPORTED',
      path: [kind, source, 'environment'],
      message: `${what}: environment variable "${definition.environment}" is not set`,
      hint: 'Set the variable, or give the content another way.',
    });
    return undefined;
  }
  if (definition.file !== undefined) {
    const content = read(definition.file);
    if (content !== undefined) return content;
    report({
      code: 'PROJECT_FILE_MISSING',
      path: [kind, source, 'file'],
      message: `${what}: no such file: ${definition.file}`,
    });
    return undefined;
  }
  report({
    code: 'PROJECT_NOT_SUPPORTED',
    path: [kind, source],
    message: `${what}: external ones need a cluster that keeps them`,
    hint: 'Give it a file, an environment variable or inline content.',
  });
  return undefined;
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
