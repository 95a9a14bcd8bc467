/**
 * Generates the code that is made from data, from `schema/compose.schema.json`: the validator of compose files, which to
 * compile at run time would cost every command half a second, and the type of a project that is given as an object.
 *
 * Usage: `npm run generate`; the build, the tests and `setup` run it first. Nothing is written where nothing changed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { compile } from 'json-schema-to-typescript';
import { keyPaths, type SchemaNode } from './schema-keys.ts';
import { trimValidator } from './trim-validator.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const output = join(root, 'src/compose/load/validate/generated');
const types = join(root, 'src/compose/model/generated');

const standaloneCode = createRequire(import.meta.url)('ajv/dist/standalone/index.js').default as (
  ajv: Ajv2020,
  validate: unknown,
) => string;

const declaration = `import type { SchemaValidator } from '../schema-error.ts';

declare const validate: SchemaValidator;
export = validate;
`;

function composeValidator(): string {
  const schema = JSON.parse(readFileSync(join(root, 'schema/compose.schema.json'), 'utf8'));
  const ajv = new Ajv2020({
    allErrors: true,
    allowUnionTypes: true,
    // our own sentences are made from keyword and parameters
    messages: false,
    inlineRefs: false,
    strict: true,
    strictRequired: false,
    strictTypes: false,
    code: { source: true, optimize: 2 },
  } as ConstructorParameters<typeof Ajv2020>[0]);
  return trimValidator(standaloneCode(ajv, ajv.compile(schema)));
}

/** Keys that the mappings at each path may have, `services.*` and so on: for "did you mean". */
function knownKeys(): string {
  const schema = JSON.parse(
    readFileSync(join(root, 'schema/compose.schema.json'), 'utf8'),
  ) as SchemaNode;
  const found: Record<string, string[]> = {};
  for (const path of keyPaths(schema)) {
    const parent = path.slice(0, -1).join('.');
    found[parent] ??= [];
    found[parent].push(path.at(-1) ?? '');
  }
  return `module.exports = ${JSON.stringify(found)};\n`;
}

const keysDeclaration = `declare const knownKeys: Readonly<Record<string, readonly string[]>>;
export = knownKeys;
`;

/** The compose file as it may be written, short forms and all. */
async function definitionTypes(): Promise<string> {
  const schema = JSON.parse(readFileSync(join(root, 'schema/compose.schema.json'), 'utf8'));
  const text = await compile(schema, 'ProjectDefinition', {
    bannerComment: '/** Generated from schema/compose.schema.json. */',
    format: false,
    unreachableDefinitions: false,
  });
  // the tool widens `^x-` to all keys, which would let every misspelling pass
  return text
    .replaceAll(/\/\*\*\n \* This interface was referenced by [\s\S]*?\*\/\n/g, '')
    .replaceAll('[k: string]: unknown', '[key: `x-${string}`]: unknown');
}

function writeIfChanged(path: string, content: string): void {
  try {
    if (readFileSync(path, 'utf8') === content) {
      return;
    }
  } catch {
    // not there yet
  }
  writeFileSync(path, content);
}

mkdirSync(output, { recursive: true });
writeIfChanged(join(output, 'compose-validator.cjs'), composeValidator());
writeIfChanged(join(output, 'compose-validator.d.cts'), declaration);
writeIfChanged(join(output, 'known-keys.cjs'), knownKeys());
writeIfChanged(join(output, 'known-keys.d.cts'), keysDeclaration);
mkdirSync(types, { recursive: true });
writeIfChanged(join(types, 'definition.ts'), await definitionTypes());
