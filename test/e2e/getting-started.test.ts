/** A tutorial's stack: brought up from its sources, then edited while it runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Stack, type StackWatch } from '../../src/index.ts';
import { repository } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureStandInImages } from '../support/test-images.ts';

const ADDRESS = 'http://127.0.0.1:18095';

describe('a stack in the shape of a tutorial', function () {
  this.timeout(180_000);
  let scenario: Scenario;
  let stack: Stack;
  let watch: StackWatch;

  before(async () => {
    await ensureStandInImages();
    scenario = Scenario.open('getting-started', {}, { builds: true });
    scenario.copy('fixtures/getting-started');
    const { data, run } = scenario.roots;
    stack = await Stack.open({
      cwd: scenario.folder,
      env: {
        ...{ CORACLE_DATA: data, CORACLE_RUN: run, NODE_IMAGE: 'stand-in/node:18' },
        ...{ NGINX_IMAGE: 'test/nginx:1', MYSQL_IMAGE: 'stand-in/mysql:8.0' },
        MODULES: join(repository, 'fixtures/todo-app/node_modules'),
      },
    });
    await stack.up();
    watch = await stack.watch();
  });
  after(async function () {
    await stack?.close();
    await scenario.close(this.test?.parent?.tests.find((test) => test.state === 'failed'));
  });

  async function shows(path: string, text: string): Promise<void> {
    await eventually(async () => {
      expect(await (await fetch(`${ADDRESS}${path}`)).text()).to.contain(text);
    }, 30_000);
  }

  function edit(path: string, from: string, to: string): void {
    const before = readFileSync(join(scenario.folder, path), 'utf8');
    expect(before).to.contain(from);
    scenario.write(path, before.replace(from, to));
  }

  it('must answer at one address: client, backend and the administrator', async () => {
    await shows('/', '<title>Greetings</title>');
    await shows('/api/greeting', 'Hello from the backend');
    await shows('/admin', 'Tables: asked; greetings asked for: 1');
  });

  it('must show an edit of the client at the next request', async () => {
    edit('client/src/index.html', '<h1>Greetings</h1>', '<h1>Good day</h1>');
    await shows('/', '<h1>Good day</h1>');
  });

  it('must show an edit of the backend, which starts itself anew, and not restart its container', async () => {
    const [{ pid } = { pid: 0 }] = [scenario.state('getting-started-backend-1')];
    edit('backend/src/greetings.js', 'Hello from the backend', 'Hello from the editor');
    await shows('/api/greeting', 'Hello from the editor');
    expect(scenario.state('getting-started-backend-1').pid).to.equal(pid);
  });

  it('must restart what does not start itself anew', async () => {
    const restarted = watch.next('restarted');
    edit('admin/src/index.js', "'Tables'", "'All tables'");
    expect((await restarted).service).to.equal('admin');
    await shows('/admin', 'All tables: asked');
  });

  it('must rebuild the backend for another package.json, and keep the database', async () => {
    const rebuilt = watch.next('rebuilt');
    edit('backend/package.json', '"private"', '"version": "1.0.1", "private"');
    expect((await rebuilt).services).to.deep.equal(['backend']);
    await shows('/api/greeting', 'Hello from the editor');
    const { stdout } = await stack.exec('backend', [
      'node',
      '-p',
      "require('/app/package.json').version",
    ]);
    expect(stdout).to.equal('1.0.1\n');
    const { stdout: rows } = await stack.exec('mysql', [
      ...['mysql', '-uroot', '-psecret', '-Ne', 'SELECT COUNT(*) > 1 FROM asked', 'greetings'],
    ]);
    expect(rows).to.equal('1\n');
  });
});
