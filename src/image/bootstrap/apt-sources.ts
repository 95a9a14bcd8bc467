import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../state/index.ts';

/** One archive that apt would ask: a `deb` line taken apart, or one combination of a deb822 stanza. */
export interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Path of the keyring or fingerprint, where one is named. */
  readonly signedBy?: string;
  readonly trusted?: boolean;
}

/**
 * The machine's binary package sources, from `sources.list` and `sources.list.d/*.{list,sources}`.
 * @param folder  `/etc/apt`
 * @see sources.list(5)
 */
export function readAptSources(folder: string): AptSource[] {
  const parts = join(folder, 'sources.list.d');
  return [
    ...parseOneLine(readText(join(folder, 'sources.list'))),
    ...names(parts).flatMap((name) => {
      const text = readText(join(parts, name));
      if (name.endsWith('.sources')) return parseDeb822(text);
      return name.endsWith('.list') ? parseOneLine(text) : [];
    }),
  ];
}

/** `deb [signed-by=/k.gpg arch=amd64] http://… bookworm main contrib` */
export function parseOneLine(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const [, options = '', uri, suite, rest = ''] =
      /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)([^#]*)/.exec(line) ?? [];
    if (uri === undefined || suite === undefined) return [];
    const settings = new Map(options.split(/\s+/).map((option) => splitOnce(option, '=')));
    return [
      source(uri, suite, rest.split(/\s+/).filter(Boolean), {
        signedBy: settings.get('signed-by'),
        trusted: settings.get('trusted'),
      }),
    ];
  });
}

/** Stanzas of `Key: value` lines, which may go on in indented lines. */
export function parseDeb822(text: string): AptSource[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    let key = '';
    for (const line of stanza.split('\n')) {
      if (line.startsWith('#')) continue;
      const [, name, value = ''] = /^(\S+?):\s*(.*)$/.exec(line) ?? [];
      if (name !== undefined) {
        key = name.toLowerCase();
        fields.set(key, value);
      } else if (/^\s/.test(line)) {
        fields.set(key, `${fields.get(key) ?? ''}\n${line}`);
      }
    }
    const list = (name: string) => (fields.get(name) ?? '').split(/\s+/).filter(Boolean);
    if (!list('types').includes('deb') || fields.get('enabled')?.trim() === 'no') return [];
    return list('uris').flatMap((uri) =>
      list('suites').map((suite) =>
        source(uri, suite, list('components'), {
          // A key that is written into the stanza itself has no path; apt's own keyrings have it as well.
          signedBy: fields.get('signed-by')?.includes('\n') ? undefined : fields.get('signed-by'),
          trusted: fields.get('trusted'),
        }),
      ),
    );
  });
}

/**
 * Those of a distribution's own release, its updates and its security fixes: other people's archives (a vendor's
 * packages of the same suite name) have no place in a base image.
 */
export function sourcesOf(sources: readonly AptSource[], suite: string): AptSource[] {
  const suites = [suite, `${suite}-updates`, `${suite}-security`, `${suite}/updates`];
  const fitting = sources.filter(
    (one) => suites.includes(one.suite) && one.components.includes('main'),
  );
  const own = fitting.filter(({ uri }) =>
    /\/(debian|debian-security|ubuntu|ubuntu-ports)\/?$/.test(uri),
  );
  return own.length > 0 ? own : fitting;
}

/** As lines that mmdebstrap takes. */
export function formatAptSource({ uri, suite, components, signedBy, trusted }: AptSource): string {
  const options = [
    ...(signedBy === undefined ? [] : [`signed-by=${signedBy}`]),
    ...(trusted ? ['trusted=yes'] : []),
  ];
  const bracket = options.length > 0 ? `[${options.join(' ')}] ` : '';
  return `deb ${bracket}${uri} ${suite} ${components.join(' ')}`;
}

function source(
  uri: string,
  suite: string,
  components: readonly string[],
  options: { signedBy: string | undefined; trusted: string | undefined },
): AptSource {
  const signedBy = options.signedBy?.trim();
  return {
    uri,
    suite,
    components,
    ...(signedBy ? { signedBy } : {}),
    ...(options.trusted?.trim() === 'yes' ? { trusted: true } : {}),
  };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}
