/**
 * Generates the code that is made from data: the validator of compose files from `schema/compose.schema.json`.
 * Compiling it at run time would cost every command half a second.
 *
 * Usage: `npm run generate`; the build, the tests and `setup` run it first. Nothing is written where nothing changed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const output = join(root, 'src/compose/load/validate/generated');

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
  return standaloneCode(ajv, ajv.compile(schema));
}

/** Keys that each mapping of the schema knows, by the mapping's place in the schema: for "did you mean". */
function knownKeys(): string {
  const found: Record<string, string[]> = {};
  const visit = (value: unknown, pointer: string): void => {
    if (typeof value !== 'object' || value === null) {
      return;
    }
    if ('properties' in value && typeof value.properties === 'object' && value.properties) {
      found[pointer] = Object.keys(value.properties);
    }
    for (const [key, below] of Object.entries(value)) {
      visit(below, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    }
  };
  visit(JSON.parse(readFileSync(join(root, 'schema/compose.schema.json'), 'utf8')), '#');
  return `module.exports = ${JSON.stringify(found)};\n`;
}

const keysDeclaration = `declare const knownKeys: Readonly<Record<string, readonly string[]>>;
export = knownKeys;
`;

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
