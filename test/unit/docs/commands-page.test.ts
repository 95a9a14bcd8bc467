import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { commandsPage, manualPages } from '../../../scripts/docs-commands.ts';
import type { CommandTable } from '../../../src/cli/command.ts';
import { isGroup } from '../../../src/cli/command-group.ts';
import { composeCommands } from '../../../src/cli/compose-commands.ts';
import { coracleCommands } from '../../../src/cli/coracle-commands.ts';

describe('docs/commands.md', function () {
  // Loads every command's module, uncompiled: more than the usual time on a busy machine.
  this.timeout(60_000);

  it('is what the tables of commands say', async () => {
    const page = readFileSync(new URL('../../../docs/commands.md', import.meta.url), 'utf8');
    expect(page === (await commandsPage()), 'up to date; if not: npm run docs').to.equal(true);
  });

  it('has an example for every command', async () => {
    expect(await withoutExamples('compose', composeCommands)).to.deep.equal([]);
    expect(await withoutExamples('coracle', coracleCommands)).to.deep.equal([]);
  });

  it('is there as manual pages, with no line that roff takes for a request', async () => {
    const pages = await manualPages();
    expect(Object.keys(pages)).to.deep.equal(['compose.1', 'coracle.1']);
    const known = /^\.(TH|SH|SS|TP|PP|B|I|nf|fi|RS|RE)\b/;
    for (const page of Object.values(pages)) {
      expect(
        page.split('\n').filter((line) => /^[.']/.test(line) && !known.test(line)),
      ).to.deep.equal([]);
    }
  });
});

async function withoutExamples(prefix: string, commands: CommandTable): Promise<string[]> {
  const missing: string[] = [];
  for (const [name, entry] of Object.entries(commands)) {
    if (entry.hidden) continue;
    const command = await entry.load();
    if (isGroup(command))
      missing.push(...(await withoutExamples(`${prefix} ${name}`, command.commands)));
    else if ((command.examples ?? []).length === 0) missing.push(`${prefix} ${name}`);
  }
  return missing;
}
