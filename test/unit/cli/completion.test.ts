import { expect } from 'chai';
import { type Expected, expectedAt } from '../../../src/cli/completion/expected.ts';
import { splitLine } from '../../../src/cli/completion/split-line.ts';
import { composeCommands } from '../../../src/cli/compose-commands.ts';
import { coracleCommands } from '../../../src/cli/coracle-commands.ts';

const programs = {
  compose: { name: 'compose', description: '', commands: composeCommands },
  coracle: { name: 'coracle', description: '', commands: coracleCommands },
} as const;

function at(line: string): Promise<Expected> {
  const [program = '', ...words] = splitLine(line);
  return expectedAt(programs[program as keyof typeof programs], words);
}

async function values(line: string): Promise<string[]> {
  const { candidates, prefix = '' } = await at(line);
  return candidates.map(({ value }) => `${prefix}${value}`);
}

describe('completion: what may stand at the cursor', () => {
  it('offers commands first, without the hidden ones', async () => {
    expect(await values('compose ')).to.include.members(['up', 'down', 'completion']);
    expect(await values('compose ')).not.to.include('convert');
    expect(await values('compose help ')).to.include('up');
    expect(await values('coracle image ')).to.include.members(['ls', 'rm', 'prune']);
  });

  it('offers the flags of the place, with what each is for', async () => {
    expect(await values('compose --')).to.include.members(['--file', '--ansi']);
    expect(await values('compose --')).not.to.include('--workdir');
    const { candidates } = await at('compose logs --');
    expect(candidates).to.deep.include({ value: '--follow', description: 'Follow log output' });
    expect(await values('coracle image ls --')).to.include('--digests');
  });

  it("offers a flag's values, as a word of their own and behind an equals sign", async () => {
    expect(await values('compose --ansi ')).to.deep.equal(['never', 'always', 'auto']);
    expect(await values('compose --ansi=n')).to.include('--ansi=never');
    expect(await values('compose ps --format ')).to.deep.equal(['table', 'json']);
    expect(await values('compose kill -s ')).to.include('SIGTERM');
    expect((await at('compose -f ')).paths).to.equal('files');
    expect((await at('compose --project-directory ')).paths).to.equal('folders');
    expect((await at('compose --profile ')).subjects).to.deep.equal(['profile']);
    expect((await at('compose up --trace=')).paths).to.equal('files');
    expect((await at('compose up --trace ')).subjects).to.deep.equal(['service']);
    expect((await at('compose up --no-attach ')).subjects).to.deep.equal(['service']);
  });

  it('knows what the words of a command name', async () => {
    expect((await at('compose up ')).subjects).to.deep.equal(['service']);
    expect((await at('compose up web ')).subjects).to.deep.equal(['service']);
    expect((await at('compose logs --tail 5 -f ')).subjects).to.deep.equal(['service']);
    expect((await at('compose port web ')).subjects).to.equal(undefined);
    expect(await at('compose scale ')).to.include({ suffix: '=' });
    expect(await at('compose cp ')).to.include({ suffix: ':', paths: 'files' });
    expect(await at('compose cp web:/etc/hosts ')).to.include({ paths: 'files' });
    expect((await at('coracle stop ')).subjects).to.deep.equal(['running container']);
    expect((await at('coracle start ')).subjects).to.deep.equal(['container']);
    expect((await at('coracle network connect net ')).subjects).to.deep.equal(['container']);
    expect(await values('compose completion ')).to.deep.equal(['bash', 'zsh', 'fish']);
  });

  it('leaves the words of another program alone', async () => {
    expect((await at('compose exec ')).subjects).to.deep.equal(['service']);
    expect(await at('compose exec web ls -')).to.deep.include({ candidates: [] });
    expect((await at('compose exec web ')).subjects).to.equal(undefined);
  });

  it('finds the flags that say which project is meant', async () => {
    const words = ['-f', 'a.yaml', '--profile', 'dev'];
    expect((await at(`compose ${words.join(' ')} up `)).global).to.deep.equal(words);
    expect((await at('compose -f a.yaml --profile ')).global).to.deep.equal(['-f', 'a.yaml']);
  });

  it('has nothing for words that it does not know', async () => {
    expect(await at('compose nonsense ')).to.deep.include({ candidates: [] });
    expect(await at('compose up --nonsense=')).to.deep.include({ candidates: [] });
  });
});

describe('splitLine', () => {
  it('parts words as a shell does, up to the cursor', () => {
    expect(splitLine('compose up ')).to.deep.equal(['compose', 'up', '']);
    expect(splitLine('compose  -f "a b.yaml" lo')).to.deep.equal([
      'compose',
      '-f',
      'a b.yaml',
      'lo',
    ]);
    expect(splitLine("x 'a\\' b\\ c \"")).to.deep.equal(['x', 'a\\', 'b c', '']);
  });
});
