/** The image that stands in for MySQL behaves as a compose file for the official image expects. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { runCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureStandInImages } from '../support/test-images.ts';

describe('the image that stands in for MySQL', function () {
  this.timeout(120_000);
  let scenario: Scenario;

  before(ensureStandInImages);
  beforeEach(() => {
    scenario = Scenario.open('db');
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  it('makes user and database, runs the scripts of initdb.d, and takes server options', async () => {
    scenario.write(
      'compose.yaml',
      `
services:
  mysql:
    image: stand-in/mysql:8.0
    command: --port 3310 --max-connections 42
    environment:
      MYSQL_RANDOM_ROOT_PASSWORD: "yes"
      MYSQL_DATABASE: shop
      MYSQL_USER: ann
      MYSQL_PASSWORD_FILE: /secret/password
    ports: ["127.0.0.1:13310:3310"]
    volumes:
      - ./initdb:/docker-entrypoint-initdb.d:ro
      - ./secret:/secret:ro
`,
    );
    scenario.write('secret/password', "it's \\ odd");
    scenario.write('initdb/1-tables.sql', 'CREATE TABLE goods (name varchar(20));');
    scenario.write(
      'initdb/2-shell.sh',
      'docker_process_sql <<<"INSERT INTO goods VALUES (\'from sh\')"\n',
    );
    writeFileSync(
      join(scenario.folder, 'initdb/3-packed.sql.gz'),
      gzipSync("INSERT INTO goods VALUES ('from gz');"),
    );
    await scenario.mustCompose('up', '-d');
    const rows = await eventually(
      () => sql(13_310, 'ann', "it's \\ odd", 'SELECT name FROM shop.goods ORDER BY name'),
      30_000,
    );
    expect(rows).to.equal('from gz\nfrom sh');
    expect(await sql(13_310, 'ann', "it's \\ odd", 'SELECT @@max_connections')).to.equal('42');
    const { stdout } = await scenario.mustCompose('logs', '--no-color');
    expect(stdout).to.match(/GENERATED ROOT PASSWORD: \S{20,}/);
  });

  it('starts anew when it was killed while it made its data folder', async () => {
    scenario.write(
      'compose.yaml',
      `
services:
  mysql:
    image: stand-in/mysql:8.0
    environment: {MYSQL_ROOT_PASSWORD: secret, MYSQL_DATABASE: shop}
    ports: ["127.0.0.1:13306:3306"]
    volumes: ["data:/var/lib/mysql"]
volumes:
  data:
`,
    );
    await scenario.mustCompose('up', '-d');
    await eventually(
      async () => {
        const { stdout } = await scenario.mustCompose('logs', '--no-color');
        expect(stdout).to.include('Initialising the database');
      },
      10_000,
      10,
    );
    process.kill(scenario.state('db-mysql-1').pid, 'SIGKILL');
    await eventually(() => expect(scenario.state('db-mysql-1').status).to.equal('exited'));
    const { stdout: first } = await scenario.mustCompose('logs', '--no-color');
    expect(first, 'it was killed in the middle').to.not.include('Database initialised');
    await scenario.mustCompose('start');
    expect(
      await eventually(() => sql(13_306, 'root', 'secret', 'SHOW DATABASES'), 30_000),
    ).to.include('shop');
    expect((await scenario.mustCompose('logs', '--no-color')).stdout).to.include('starting anew');
  });

  it('says which variables are missing', async () => {
    scenario.write('compose.yaml', 'services:\n  mysql: {image: stand-in/mysql:8.0}\n');
    await scenario.compose(['up', '-d']);
    await eventually(() =>
      expect(scenario.state('db-mysql-1')).to.include({ status: 'exited', exitCode: 1 }),
    );
    expect((await scenario.mustCompose('logs', '--no-color')).stdout).to.include(
      'set one of MYSQL_ROOT_PASSWORD',
    );
  });
});

async function sql(
  port: number,
  user: string,
  password: string,
  statement: string,
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(
    [
      'mariadb',
      '-h127.0.0.1',
      `-P${port}`,
      `-u${user}`,
      '--batch',
      '--skip-column-names',
      '-e',
      statement,
    ],
    { env: { ...process.env, MYSQL_PWD: password } },
  );
  expect(code, stderr).to.equal(0);
  return stdout.trim();
}
