/**
 * Stacks of everyday shape, built by our builder on images from Debian's packages: each comes up with one command, twice,
 * and is used over HTTP. No retry after `up --wait`: whatever a script does next works.
 */
import { expect } from 'chai';
import { Scenario } from '../support/scenario.ts';
import { ensureStackImages } from '../support/test-images.ts';

describe('a stack of everyday shape', function () {
  this.timeout(180_000);
  let scenario: Scenario;

  before(ensureStackImages);
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  function open(name: string): void {
    scenario = Scenario.open(name, {}, { builds: true });
    scenario.copy(`fixtures/scenarios/stacks/${name}`);
  }

  async function get(port: number, path = '/', init: RequestInit = {}): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
    const text = await response.text();
    expect(response.ok, `${path}: ${response.status} ${text.slice(0, 500)}`).to.equal(true);
    return text;
  }

  const up = () => scenario.mustCompose('up', '-d', '--wait', '--build');

  it('must run: nginx before two Node servers, with Redis', async () => {
    open('nginx-node-redis');
    await up();
    const visit = async () =>
      JSON.parse(await get(18_091)) as { readonly server: string; readonly visits: number };
    expect((await visit()).visits).to.equal(1);
    const servers = new Set<string>();
    for (let count = 2; count <= 20; count += 1) {
      const { server, visits } = await visit();
      expect(visits).to.equal(count);
      servers.add(server);
    }
    expect(servers.size, 'both servers answer').to.equal(2);
    await scenario.mustCompose('down');
    await up();
    expect((await visit()).visits, 'the volume has kept the count').to.equal(21);
    const pong = await scenario.mustCompose('exec', '-T', 'redis', 'redis-cli', 'get', 'visits');
    expect(pong.stdout).to.equal('21\n');
  });

  it('must run: Flask with MySQL, healthcheck and secret', async () => {
    open('flask-mysql');
    for (const start of ['first', 'second']) {
      await up();
      expect(await get(18_092), start).to.equal('<div>Post 1</div><div>Post 2</div>');
      await scenario.mustCompose('down');
    }
  });

  it('must run: WordPress with MySQL, to the first post', async () => {
    open('wordpress-mysql');
    await up();
    expect(await get(18_093, '/wp-admin/install.php')).to.include('WordPress');
    const answers = new URLSearchParams({
      weblog_title: 'Boats and oars',
      user_name: 'skipper',
      admin_password: 'a long one, so that it counts',
      admin_password2: 'a long one, so that it counts',
      admin_email: 'skipper@boats.example',
      blog_public: '0',
    });
    const installed = await get(18_093, '/wp-admin/install.php?step=2', {
      method: 'POST',
      body: answers,
    });
    expect(installed).to.include('WordPress has been installed');
    expect(await get(18_093)).to.match(/<title>Boats and oars<[\s\S]*Hello world!/);
    await scenario.mustCompose('down');
    await up();
    expect(await get(18_093), 'the volume has kept the blog').to.include('<title>Boats and oars');
  });

  it('must run: PostgreSQL with a web client', async () => {
    open('postgres-web');
    for (const start of ['first', 'second']) {
      await up();
      const login = await fetch('http://127.0.0.1:18094/adminer/', {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({
          'auth[driver]': 'pgsql',
          'auth[server]': 'postgres',
          'auth[username]': 'admin',
          'auth[password]': 'admin',
          'auth[db]': 'shop',
        }),
      });
      expect(login.status, start).to.equal(302);
      const cookie = login.headers.getSetCookie().map((one) => one.split(';', 1)[0]);
      const location = new URL(login.headers.get('location') ?? '', 'http://x/adminer/');
      const page = await get(18_094, `${location.pathname}${location.search}`, {
        headers: { cookie: cookie.join('; ') },
      });
      expect(page, start).to.match(/<h2>Schema: public<\/h2>|Create table/);
      await scenario.mustCompose('down');
    }
  });
});
