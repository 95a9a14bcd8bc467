import type { Findings } from '../findings.ts';
import { parseWithLibrary } from './library-parser.ts';
import type { Node } from './node.ts';
import { parsePlainYaml } from './plain-parser.ts';
import type { Source } from './source.ts';

/**
 * The documents of a YAML file as trees, anchors and `<<` merged in.
 *
 * What is wrong goes to `findings`; a document with a mistake in its syntax is left out.
 */
export function parseYaml(source: Source, findings: Findings): Node[] {
  if (deepestBrackets(source.text) > mostBrackets) {
    findings.error('COMPOSE_LIMIT', 'brackets are nested too deeply', {
      source,
      start: 0,
      end: 1,
    });
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

/** More open brackets than this are an attack; the library would take its time over them. */
const mostBrackets = 1000;

/** Most brackets open at once, counted without regard to quotes: text in them is balanced or short. */
function deepestBrackets(text: string): number {
  let open = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    if (bracket === '[' || bracket === '{') {
      open += 1;
      deepest = Math.max(deepest, open);
    } else if (open > 0) {
      open -= 1;
    }
  }
  return deepest;
}
