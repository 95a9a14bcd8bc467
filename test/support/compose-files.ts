import {
  type DetailedLoadResult,
  type FileReader,
  type LoadOptions,
  loadProjectDetailed,
  type Project,
} from '../../src/compose/load/index.ts';

/** A file system of texts by absolute path; folders are those that the paths name. */
export function memoryReader(files: Readonly<Record<string, string>>): FileReader {
  const paths = Object.keys(files);
  return {
    read: (path) => {
      const text = files[path];
      return text === undefined ? undefined : new TextEncoder().encode(text);
    },
    kind: (path) => {
      if (files[path] !== undefined) {
        return 'file';
      }
      return paths.some((one) => one.startsWith(`${path}/`)) ? 'folder' : undefined;
    },
  };
}

/** Loads from files in memory; relative names stand in `/p`, and `compose.yaml` is loaded unless `files` says otherwise. */
export function loadFrom(
  files: Readonly<Record<string, string>>,
  options: Partial<LoadOptions> = {},
): DetailedLoadResult {
  const absolute = Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name.startsWith('/') ? name : `/p/${name}`, text]),
  );
  return loadProjectDetailed({ cwd: '/p', env: {}, reader: memoryReader(absolute), ...options });
}

/** The project of one file, which must load without an error. */
export function projectFrom(text: string, options: Partial<LoadOptions> = {}): Project {
  const { project, diagnostics } = loadFrom({ 'compose.yaml': text }, options);
  if (project === undefined) {
    throw new Error(`does not load: ${diagnostics.map(({ message }) => message).join('; ')}`);
  }
  return project;
}

/** Findings as `severity code line:column message`. */
export function findingsOf({ diagnostics }: Pick<DetailedLoadResult, 'diagnostics'>): string[] {
  return diagnostics.map(({ severity, code, range, message }) => {
    const place = range === undefined ? '-' : `${range.start.line}:${range.start.column}`;
    return `${severity} ${code} ${place} ${message}`;
  });
}
