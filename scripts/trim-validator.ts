import { runInNewContext } from 'node:vm';

/**
 * The validator without the schema that ajv leaves in it: the code reads few of its values, and to make all of them costs
 * every command about a millisecond. What is read as a value stands in its place, what is asked for keys is a set of them.
 * @param code what ajv's standalone generator has written
 * @throws {Error} if a reference to the schema remains
 */
export function trimValidator(code: string): string {
  const schemas = new Map<string, unknown>();
  let rest = code;
  for (const [start, name = ''] of code.matchAll(/const (schema\d+) = (?=\{)/g)) {
    const at = rest.indexOf(start);
    const end = endOfObject(rest, at + start.length);
    schemas.set(name, runInNewContext(`(${rest.slice(at + start.length, end)})`));
    rest = rest.slice(0, at) + rest.slice(rest[end] === ';' ? end + 1 : end);
  }
  const keySets = new Map<string, string>();
  const trimmed = rest.replaceAll(
    /(hasOwnProperty\.call\(|func\d+\.call\()?\b(schema\d+)((?:\.[A-Za-z_$][\w$]*|\["[^"\\]*"\])*)/g,
    (whole, asked: string | undefined, name: string, path: string) => {
      if (!schemas.has(name)) return whole;
      const value: unknown = runInNewContext(`schema${path}`, { schema: schemas.get(name) });
      if (asked === undefined) return JSON.stringify(value);
      const keys = Object.keys(value as object).map((key) => `${JSON.stringify(key)}:1`);
      keySets.set(`keysOf${name}`, `const keysOf${name} = {${keys.join(',')}};`);
      return `${asked}keysOf${name}`;
    },
  );
  if (/\bschema\d+\b/.test(trimmed)) throw new Error('the validator still reads its schema');
  return trimmed.replace('"use strict";', () => `"use strict";${[...keySets.values()].join('')}`);
}

/** Where the object literal that begins at `start` ends: the index behind its last brace. */
function endOfObject(code: string, start: number): number {
  let depth = 0;
  for (let at = start; at < code.length; at += 1) {
    const char = code[at];
    if (char === '"') {
      for (at += 1; code[at] !== '"'; at += 1) if (code[at] === '\\') at += 1;
    } else if (char === '{') depth += 1;
    else if (char === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  throw new Error('an object of the generated validator does not end');
}
