import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { cheapProjectName, fileMentions } from '../../../src/cli/project-name.ts';

const none = { files: [], projectName: undefined, projectDirectory: undefined, envFiles: [] };

describe('the project name without reading YAML', () => {
  let root: string;
  let cwd: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'coracle-name-'));
    cwd = join(root, 'My.Shop_1');
    mkdirSync(join(cwd, 'src', 'deep'), { recursive: true });
  });

  afterEach(() => rmSync(root, { recursive: true }));

  function write(text: string, name = 'compose.yaml'): void {
    writeFileSync(join(cwd, name), text);
  }

  it('is that of the folder, as Docker Compose writes it', () => {
    write('services: {}\n');
    expect(cheapProjectName(none, { cwd })).to.equal('myshop_1');
  });

  it('is found from a folder below', () => {
    write('services: {}\n');
    expect(cheapProjectName(none, { cwd: join(cwd, 'src', 'deep') })).to.equal('myshop_1');
  });

  it('is that of the name line, whatever quotes it has', () => {
    for (const line of ['name: shop', 'name: "shop"', "name: 'shop' # ours"]) {
      write(`${line}\nservices: {}\n`);
      expect(cheapProjectName(none, { cwd }), line).to.equal('shop');
    }
  });

  it('is left to loading where a variable, a .env or an include has a say', () => {
    write(`name: $${'{SHOP}'}\n`);
    expect(cheapProjectName(none, { cwd })).to.equal(undefined);
    write('include: [other.yaml]\n');
    expect(cheapProjectName(none, { cwd })).to.equal(undefined);
    write('services: {}\n');
    write('COMPOSE_PROJECT_NAME=x\n', '.env');
    expect(cheapProjectName(none, { cwd })).to.equal(undefined);
    write('OTHER=x\n', '.env');
    expect(cheapProjectName(none, { cwd })).to.equal('myshop_1');
  });

  it('takes the last file that has one', () => {
    write('name: one\n');
    write('name: two\n', 'override.yaml');
    expect(
      cheapProjectName({ ...none, files: ['compose.yaml', 'override.yaml'] }, { cwd }),
    ).to.equal('two');
  });

  it('says when there is no file', () => {
    expect(() => cheapProjectName(none, { cwd })).to.throw(
      'no configuration file provided: not found',
    );
    expect(() => cheapProjectName({ ...none, files: ['no.yaml'] }, { cwd })).to.throw(/no\.yaml/);
  });

  it('knows the services that the text has a key for', () => {
    write('services:\n  web:\n    image: x\n  "my-db":\n    image: y\n');
    expect(fileMentions({ files: [] }, { cwd }, ['web', 'my-db'])).to.equal(true);
    expect(fileMentions({ files: [] }, { cwd }, ['web', 'cache'])).to.equal(false);
  });
});
