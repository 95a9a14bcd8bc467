/** The short form of a service's volume: `[SOURCE:]TARGET[:OPTIONS]`. */

export interface ParsedMount {
  readonly type: 'bind' | 'volume';
  readonly source?: string;
  readonly target?: string;
  readonly readOnly?: boolean;
  readonly propagation?: string;
  readonly selinux?: string;
  readonly nocopy?: boolean;
  /** Options that mean nothing here; Compose passes over them. */
  readonly unknownOptions: readonly string[];
  /** Why the text is no mount; the fields hold what could be read. */
  readonly problem?: string;
}

const propagations = new Set(['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave']);

/** Splits at colons, except after a Windows drive letter and inside `${…}`. */
function sections(spec: string): string[] {
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  for (let at = 0; at < spec.length; at += 1) {
    const char = spec[at] ?? '';
    if (char === '$' && spec[at + 1] === '{') {
      depth += 1;
      part += char;
    } else if (char === '}' && depth > 0) {
      depth -= 1;
      part += char;
    } else if (char === ':' && depth === 0 && !/^\p{L}$/u.test(part)) {
      parts.push(part);
      part = '';
    } else {
      part += char;
    }
  }
  parts.push(part);
  return parts;
}

/** True for a source that is a path rather than the name of a volume. */
export function isPathSource(source: string): boolean {
  return /^[./~]/.test(source) || source.startsWith('\\\\') || /^\p{L}:/u.test(source);
}

export function parseMount(spec: string): ParsedMount {
  if (spec === '') {
    return { type: 'volume', unknownOptions: [], problem: 'is empty' };
  }
  // too short for a colon between two names
  if (spec.length <= 2) {
    return { type: 'volume', target: spec, unknownOptions: [] };
  }
  const parts = sections(spec);
  const problem = parts.includes('')
    ? 'has an empty section between colons'
    : parts.length > 3
      ? 'has too many colons'
      : undefined;
  const [first = '', second, options = ''] = parts;
  const source = second === undefined ? undefined : first;
  const target = second ?? first;
  const type = source !== undefined && isPathSource(source) ? 'bind' : 'volume';
  return {
    type,
    ...(source === undefined ? {} : { source }),
    target,
    ...parseOptions(options),
    ...(problem === undefined ? {} : { problem: `"${spec}" ${problem}` }),
  };
}

function parseOptions(text: string) {
  const options: {
    readOnly?: boolean;
    propagation?: string;
    selinux?: string;
    nocopy?: boolean;
    unknownOptions: string[];
  } = { unknownOptions: [] };
  for (const option of text === '' ? [] : text.split(',')) {
    if (option === 'ro' || option === 'rw') {
      options.readOnly = option === 'ro';
    } else if (option === 'nocopy') {
      options.nocopy = true;
    } else if (option === 'z' || option === 'Z') {
      options.selinux = option;
    } else if (propagations.has(option)) {
      options.propagation = option;
    } else {
      options.unknownOptions.push(option);
    }
  }
  return options;
}
