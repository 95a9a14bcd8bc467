import type { Findings } from '../findings.ts';
import { parseWithLibrary } from './library-parser.ts';
import type { Node } from './node.ts';
import { parsePlainYaml } from './plain-parser.ts';
import type { Source } from './source.ts';

/** Compose files are written by hand; what is larger than this is not one. */
const largestFile = 4 * 1024 * 1024;

/**
 * The documents of a YAML file as trees, anchors and `<<` merged in.
 *
 * What is wrong goes to `findings`; a document with a mistake in its syntax is left out.
 */
export function parseYaml(source: Source, findings: Findings): Node[] {
  if (source.text.length > largestFile) {
    findings.error(
      'COMPOSE_LIMIT',
      `${source.file} is larger than ${largestFile / 1024 / 1024} MiB`,
      { source, start: 0, end: 0 },
    );
    return [];
  }
  try {
    return parsePlainYaml(source, findings) ?? parseWithLibrary(source, findings);
  } catch (error) {
    // the library recurses: a hundred thousand brackets end its stack
    if (error instanceof RangeError) {
      findings.error('COMPOSE_LIMIT', 'nested too deeply', { source, start: 0, end: 0 });
      return [];
    }
    throw error;
  }
}
