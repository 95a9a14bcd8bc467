/**
 * Writes docs/compose-support.md: every key of the schema with what the runtime makes of it, from the planner's table of
 * service keys and the table of all others.
 *
 * Usage: `node --import tsx scripts/docs-compose.ts`
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serviceKeys } from '../src/compose/plan/container/supported-keys.ts';
import { supportTable } from '../src/compose/support/index.ts';
import { keyPaths, type SchemaNode } from './schema-keys.ts';

const page = fileURLToPath(new URL('../docs/compose-support.md', import.meta.url));
const schemaFile = new URL('../schema/compose.schema.json', import.meta.url);

const introduction = `# The compose file, key by key

Coracle loads every key of the compose file and shows it with \`compose config\`. This page says what \`compose up\` makes of each:
**full**, **partial**, **no effect** (a warning names its place) or **rejected** (an error names its place). It is made
from the tables that the program itself uses; a test keeps both in step.
`;

const sections: readonly (readonly [string, string])[] = [
  ['Services', 'services.*'],
  ['Networks', 'networks.*'],
  ['Volumes', 'volumes.*'],
  ['Configs', 'configs.*'],
  ['Secrets', 'secrets.*'],
  ['Models', 'models.*'],
  ['Include', 'include.*'],
];

/** The whole of docs/compose-support.md. */
export function supportPage(): string {
  const schema = JSON.parse(readFileSync(schemaFile, 'utf8')) as SchemaNode;
  const paths = [...keyPaths(schema)].map((path) => path.join('.')).sort();
  const parts = sections.map(([title, prefix]) => {
    const rows = paths
      .filter((path) => path.startsWith(`${prefix}.`))
      .map((path) => `| \`${path.slice(prefix.length + 1)}\` | ${statusOf(path)} |`);
    return `## ${title}\n\n| key | support |\n| --- | --- |\n${rows.join('\n')}\n`;
  });
  return [introduction, ...parts].join('\n');
}

function statusOf(path: string): string {
  const key = /^services\.\*\.([^.]+)/.exec(path)?.[1] as keyof typeof serviceKeys | undefined;
  const owner = key === undefined ? undefined : serviceKeys[key];
  if (typeof owner === 'object') {
    return `rejected: ${owner.reason}`;
  }
  const rows = Object.entries(supportTable).filter(
    ([pattern]) => path === pattern || path.startsWith(`${pattern}.`),
  );
  const [, row] = rows.at(-1) ?? [];
  if (path.startsWith('models.')) {
    return 'rejected: there is no model runner';
  }
  if (row === undefined) {
    return 'full';
  }
  return row.applies === undefined ? `${row.level}: ${row.why}` : `partial: ${row.why}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(page, supportPage());
}
