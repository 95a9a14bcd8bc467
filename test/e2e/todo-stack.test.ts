/** The main job: a web app and its database, brought up, used, hurt, taken down, found again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { repository, runCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureStandInImages, ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';

const APP = 'http://127.0.0.1:3000';

interface Item {
  readonly id: string;
  readonly name: string;
  readonly completed: boolean;
}

describe('the todo stack', function () {
  this.timeout(180_000);
  let scenario: Scenario;

  before(async () => {
    await ensureStandInImages();
    await ensureToolsImage();
    scenario = Scenario.open('todo-app');
    scenario.copy('fixtures/todo-app');
    scenario.write('compose.yaml', stackWithOpenDatabase());
    scenario.write('.env', 'MYSQL_IMAGE=stand-in/mysql:8.0\nNODE_IMAGE=stand-in/node:18\n');
  });

  after(async function () {
    const failed = this.test?.parent?.tests.find((test) => test.state === 'failed');
    await scenario.close(failed);
  });

  it('comes up with one command and answers over HTTP', async () => {
    const { stdout, stderr } = await scenario.mustCompose('up', '-d', '--build');
    const output = stdout + stderr;
    for (const name of [
      'todo-app_default',
      'todo-app_todo-mysql-data',
      'todo-app-app-1',
      'todo-app-mysql-1',
    ]) {
      expect(output).to.include(name);
    }
    expect(await eventually(listItems, 60_000)).to.deep.equal([]);
    const page = await fetch(`${APP}/`);
    expect(page.status).to.equal(200);
    expect(await page.text()).to.include('<title>Todos</title>');
  });

  it('adds, changes and deletes todos', async () => {
    const added = await request<Item>('POST', '/items', { name: 'Buy oars' });
    expect(added).to.include({ name: 'Buy oars', completed: false });
    await request('PUT', `/items/${added.id}`, { name: 'Buy two oars', completed: true });
    expect(await listItems()).to.deep.equal([
      { id: added.id, name: 'Buy two oars', completed: true },
    ]);
    await request('DELETE', `/items/${added.id}`);
    expect(await listItems()).to.deep.equal([]);
    await request('POST', '/items', { name: 'Tar the hull' });
  });

  it('shows the same rows over SQL through the published port', async () => {
    expect(await sql('SELECT name, completed FROM todo_items')).to.equal('Tar the hull\t0');
  });

  it('logs what both services print, with their names in front', async () => {
    const { stdout } = await scenario.mustCompose('logs', '--no-color');
    expect(stdout).to.match(/^app-1 +\| Connected to mysql db at host mysql$/m);
    expect(stdout).to.match(/^app-1 +\| Listening on port 3000$/m);
    expect(stdout).to.match(/^mysql-1 +\| .*ready for connections/m);
  });

  it('lists both services as running with their ports', async () => {
    const { stdout } = await scenario.mustCompose('ps');
    expect(stdout).to.match(/todo-app-app-1 .*127\.0\.0\.1:3000->3000\/tcp/);
    expect(stdout).to.match(/todo-app-mysql-1 .*127\.0\.0\.1:13306->3306\/tcp/);
  });

  it('resolves service and container names at 127.0.0.11 from a third container', async () => {
    const address = (await inTools('dig', '+short', '@127.0.0.11', 'mysql')).trim();
    expect(address).to.match(/^\d+\.\d+\.\d+\.\d+$/);
    expect(await inTools('dig', '+short', '@127.0.0.11', 'todo-app-mysql-1')).to.equal(
      `${address}\n`,
    );
    expect(await inTools('dig', '+tcp', '+short', '@127.0.0.11', 'app')).to.match(
      /^\d+\.\d+\.\d+\.\d+\n$/,
    );
    const full = await inTools('dig', '@127.0.0.11', 'mysql');
    expect(full).to.match(/status: NOERROR/);
    expect(full).to.include('SERVER: 127.0.0.11#53');
    // The C library's own way, through /etc/resolv.conf.
    expect(await inTools('nslookup', 'mysql')).to.include(address);
  });

  it('resolves names with Node in the app as well', async () => {
    const script = "require('dns').resolve4('mysql', (e, a) => console.log(e ? e.code : a.length))";
    expect((await scenario.mustCompose('exec', '-T', 'app', 'node', '-e', script)).stdout).to.equal(
      '1\n',
    );
  });

  it('shows an edit on the host at once through the bind mount, and the other way round', async () => {
    const path = 'src/static/index.html';
    const page = readFileSync(join(scenario.folder, path), 'utf8');
    scenario.write(path, page.replace('<title>Todos</title>', '<title>Edited</title>'));
    expect(await (await fetch(`${APP}/`)).text()).to.include('<title>Edited</title>');
    await scenario.mustCompose('exec', '-T', 'app', 'sh', '-c', 'echo from inside > note.txt');
    expect(readFileSync(join(scenario.folder, 'note.txt'), 'utf8')).to.equal('from inside\n');
  });

  it('restarts the database when its first process is killed, and the todos are there again', async () => {
    const old = scenario.state('todo-app-mysql-1');
    process.kill(old.pid, 'SIGKILL');
    await eventually(() => {
      const state = scenario.state('todo-app-mysql-1');
      expect(state).to.include({ status: 'running', restartCount: old.restartCount + 1 });
      expect(state.pid).to.not.equal(old.pid);
    });
    const items = await eventually(listItems, 30_000);
    expect(items.map(({ name }) => name)).to.deep.equal(['Tar the hull']);
  });

  it('changes nothing on a second up', async () => {
    const before = [scenario.state('todo-app-app-1').pid, scenario.state('todo-app-mysql-1').pid];
    await scenario.mustCompose('up', '-d');
    const after = [scenario.state('todo-app-app-1').pid, scenario.state('todo-app-mysql-1').pid];
    expect(after).to.deep.equal(before);
  });

  it('keeps the todos over down and up', async () => {
    await scenario.mustCompose('down');
    expect(await isRefused()).to.equal(true);
    await scenario.mustCompose('up', '-d');
    const items = await eventually(listItems, 60_000);
    expect(items.map(({ name }) => name)).to.deep.equal(['Tar the hull']);
  });

  it('loses them with down -v, and leaves nothing behind', async () => {
    await scenario.mustCompose('down', '-v');
    await scenario.expectNothingLeft();
    await scenario.mustCompose('up', '-d');
    expect(await eventually(listItems, 60_000)).to.deep.equal([]);
  });

  async function inTools(...argv: string[]): Promise<string> {
    return (await scenario.mustCompose('exec', '-T', 'tools', ...argv)).stdout;
  }
});

/** The fixture's own file, with the database published and restarted, and a third service to look from. */
function stackWithOpenDatabase(): string {
  const fixture = readFileSync(join(repository, 'fixtures/todo-app/compose.yaml'), 'utf8');
  const mysql = '    image: ${MYSQL_IMAGE:-mysql:8.0}\n';
  expect(fixture).to.include(mysql);
  const open = `${mysql}    restart: always\n    ports:\n      - 127.0.0.1:13306:3306\n`;
  const tools = `  tools:\n    image: ${TOOLS_IMAGE}\n    init: true\n\nvolumes:\n`;
  const mount = '    environment:\n      MYSQL_HOST';
  expect(fixture).to.include(mount);
  return fixture
    .replace(mysql, () => open)
    .replace(mount, `    volumes: [./:/app]\n${mount}`)
    .replace(/^volumes:\n/m, tools);
}

async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${APP}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.ok, `${method} ${path}: ${response.status}`).to.equal(true);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

function listItems(): Promise<Item[]> {
  return request('GET', '/items');
}

async function isRefused(): Promise<boolean> {
  return fetch(`${APP}/items`).then(
    () => false,
    () => true,
  );
}

async function sql(statement: string): Promise<string> {
  const login = ['-h127.0.0.1', '-P13306', '-uroot', '-psecret', '--batch', '--skip-column-names'];
  const { code, stdout, stderr } = await runCommand([
    'mariadb',
    ...login,
    'todos',
    '-e',
    statement,
  ]);
  expect(code, stderr).to.equal(0);
  return stdout.trim();
}
