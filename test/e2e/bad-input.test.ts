/** Mistakes that users make: each is told clearly, ends with a failure, and leaves nothing behind. */
import { chmodSync, cpSync, mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { type CommandResult, repository, runCommand } from '../support/command.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';

interface Mistake {
  readonly what: string;
  readonly file: string;
  readonly args?: readonly string[];
  /** Each must appear in what is printed on standard error. */
  readonly says: readonly RegExp[];
}

const MISTAKES: readonly Mistake[] = [
  {
    what: 'an image that is not there',
    file: 'services:\n  web: {image: "nowhere/nothing:1"}\n',
    says: [/nowhere\/nothing:1/, /coracle image/],
  },
  {
    what: 'a key that does not exist, with its place and the nearest one',
    file: `services:\n  web:\n    image: ${TOOLS_IMAGE}\n    comand: sleep 1\n`,
    says: [/compose\.yaml:4:5/, /comand/, /command/],
  },
  {
    what: 'services that depend on each other in a circle',
    file: [
      'services:',
      `  a: {image: "${TOOLS_IMAGE}", depends_on: [b]}`,
      `  b: {image: "${TOOLS_IMAGE}", depends_on: [c]}`,
      `  c: {image: "${TOOLS_IMAGE}", depends_on: [a]}`,
      '',
    ].join('\n'),
    says: [/compose\.yaml:\d+:\d+/, /a.*b.*c.*a|b.*c.*a.*b|c.*a.*b.*c/],
  },
  {
    what: 'a bind mount whose source is missing',
    file: [
      'services:',
      '  web:',
      `    image: ${TOOLS_IMAGE}`,
      '    volumes:',
      '      - {type: bind, source: ./not-here, target: /x, bind: {create_host_path: false}}',
      '',
    ].join('\n'),
    says: [/not-here/],
  },
  {
    what: 'a container that exits at once, with the last lines that it wrote',
    file: [
      'services:',
      '  web:',
      `    image: ${TOOLS_IMAGE}`,
      '    command: sh -c "echo cannot read /etc/web.conf >&2; exit 3"',
      '  front:',
      `    image: ${TOOLS_IMAGE}`,
      '    depends_on: {web: {condition: service_completed_successfully}}',
      '',
    ].join('\n'),
    says: [/web/, /\b3\b/, /cannot read \/etc\/web\.conf/],
  },
  {
    what: 'a program that is not in the image',
    file: `services:\n  web: {image: "${TOOLS_IMAGE}", command: [no-such-program]}\n`,
    says: [/no-such-program/],
  },
  {
    what: 'YAML that is none, with its place',
    file: 'services:\n  web: {image: [\n',
    says: [/compose\.yaml:\d+:\d+/],
  },
  {
    what: 'a required variable that is not set',
    file: 'services:\n  web: {image: "${IMAGE:?set IMAGE to what is to run}"}\n',
    says: [/set IMAGE to what is to run/, /compose\.yaml:2/],
  },
  {
    what: 'a flag that does not exist',
    file: `services:\n  web: {image: "${TOOLS_IMAGE}"}\n`,
    args: ['up', '--detatch'],
    says: [/--detatch/, /--detach/],
  },
  {
    what: 'a service that does not exist',
    file: `services:\n  web: {image: "${TOOLS_IMAGE}"}\n`,
    args: ['up', '-d', 'wbe'],
    says: [/wbe/],
  },
];

describe('bad input', function () {
  this.timeout(60_000);
  let scenario: Scenario;

  before(ensureToolsImage);
  beforeEach(() => {
    scenario = Scenario.open('bad');
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  for (const { what, file, args = ['up', '-d'], says } of MISTAKES) {
    it(`names ${what}`, async () => {
      scenario.write('compose.yaml', file);
      expectFailure(await scenario.compose(args), says);
      await scenario.compose(['down', '-v', '-t', '0']);
      await scenario.expectNothingLeft();
    });
  }

  it('names five mistakes in one run, each with its place, and changes nothing', async () => {
    scenario.copy('fixtures/scenarios/five-mistakes');
    for (const args of [['up', '-d'], ['plan']]) {
      const { code, stderr } = await scenario.compose(args);
      expect(code, args.join(' ')).to.equal(1);
      const places = stderr.match(/^compose\.yaml:\d+:\d+: error: /gm);
      expect(places, stderr).to.deep.equal(
        ['4:12', '5:5', '6:18', '8:12', '10:31'].map((place) => `compose.yaml:${place}: error: `),
      );
      for (const word of ['Registry/Web', '`enviroment`', '"debug"', 'DB_IMAGE', '/not-here']) {
        expect(stderr).to.include(word);
      }
    }
    await scenario.expectNothingLeft();
  });

  it('names who holds a port that is taken, and starts once it is free', async () => {
    scenario.write(
      'compose.yaml',
      `services:\n  web: {image: "${TOOLS_IMAGE}", init: true, ports: ["127.0.0.1:18099:80"]}\n`,
    );
    const holder = await listen(18_099);
    try {
      expectFailure(await scenario.compose(['up', '-d']), [
        /^compose\.yaml:2:\d+: error: .*18099/m,
        /node/,
        new RegExp(`\\b${process.pid}\\b`),
      ]);
    } finally {
      holder.close();
    }
    await scenario.mustCompose('up', '-d');
    expect(scenario.state('bad-web-1').status).to.equal('running');
  });

  it('names the folder that has no compose file', async () => {
    expectFailure(await scenario.compose(['up', '-d']), [/no compose file/]);
    await scenario.expectNothingLeft();
  });

  it('says that root is needed, and leaves nothing', async () => {
    scenario.write('compose.yaml', `services:\n  web: {image: "${TOOLS_IMAGE}"}\n`);
    // Where an unprivileged user can read it, whatever folder the repository lies in.
    const world = dirname(scenario.folder);
    const program = join(world, 'package');
    for (const part of ['dist', 'native/build', 'package.json']) {
      mkdirSync(dirname(join(program, part)), { recursive: true });
      cpSync(join(repository, part), join(program, part), { recursive: true });
    }
    for (const folder of [world, scenario.folder]) chmodSync(folder, 0o755);
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];
    const argv = [...nobody, process.execPath, join(program, 'dist/compose.cjs'), 'up', '-d'];
    expectFailure(await runCommand(argv, { cwd: scenario.folder, env: scenario.env }), [/root/]);
    await scenario.expectNothingLeft();
  });
});

function expectFailure({ code, stdout, stderr }: CommandResult, says: readonly RegExp[]): void {
  expect(code, `exit code; printed:\n${stdout}${stderr}`).to.not.equal(0);
  for (const pattern of says) expect(stderr).to.match(pattern);
  // A stack trace is for us, never for a user.
  expect(stderr).to.not.match(/^\s+at .*\.(cjs|ts):\d+/m);
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
