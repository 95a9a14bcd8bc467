/** `Stack`: what `compose` does, from TypeScript. */
import { expect } from 'chai';
import { Stack, type StackLogLine } from '../../src/index.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';

const FILE = `
services:
  web:
    image: ${TOOLS_IMAGE}
    init: true
    command: ["sh", "-c", "echo hello from $$NAME; mkdir -p /www && cd /www && exec busybox httpd -f -p 80"]
    environment: {NAME: "\${NAME:-nobody}"}
    ports: ["127.0.0.1::80"]
    develop: {watch: [{path: ./www, target: /www, action: sync}, {path: ./conf, target: /conf, action: sync+restart}]}
  job: {image: ${TOOLS_IMAGE}, command: ["true"], profiles: [jobs]}
volumes: {data: {}}
`;

describe('a stack from TypeScript', function () {
  this.timeout(60_000);
  let scenario: Scenario;
  let stack: Stack;

  before(async () => {
    await ensureToolsImage();
    scenario = Scenario.open('shop', {
      'compose.yaml': FILE,
      'www/index.html': 'one',
      'conf/a': '1',
    });
    stack = await open();
  });
  after(async function () {
    await stack?.close();
    await scenario.close(this.test?.parent?.tests.find((test) => test.state === 'failed'));
  });

  function open(options: Parameters<typeof Stack.open>[0] = {}): Promise<Stack> {
    const { data, run } = scenario.roots;
    return Stack.open({
      cwd: scenario.folder,
      ...options,
      env: { CORACLE_DATA: data, CORACLE_RUN: run, NAME: 'a test', ...options.env },
    });
  }

  async function page(): Promise<string> {
    const { host, port } = await stack.port('web', 80);
    return (await fetch(`http://${host}:${port}/index.html`)).text();
  }

  it('must come up, be looked into and answer', async () => {
    expect(stack.name).to.equal('shop');
    await stack.up();
    const [web, ...others] = await stack.ps();
    expect(others).to.deep.equal([]);
    expect(web).to.include({ name: 'shop-web-1', service: 'web', number: 1, state: 'running' });
    expect(web?.ports[0]).to.include({ hostIp: '127.0.0.1', containerPort: 80, protocol: 'tcp' });
    const result = await stack.exec('web', ['sh', '-c', 'echo $X; exit 3'], { env: { X: 'y' } });
    expect(result).to.deep.equal({ exitCode: 3, stdout: 'y\n', stderr: '' });
    const lines: StackLogLine[] = [];
    for await (const line of stack.logs()) lines.push(line);
    expect(lines.map(({ service, text }) => `${service}: ${text}`)).to.deep.equal([
      'web: hello from a test',
    ]);
  });

  it('must follow logs over a restart, and end with the signal', async () => {
    const end = new AbortController();
    const texts: string[] = [];
    const reading = (async () => {
      for await (const { text } of stack.logs({ follow: true, signal: end.signal })) {
        texts.push(text);
        if (texts.length === 2) end.abort();
      }
    })();
    await stack.restart('web');
    await reading;
    expect(texts).to.deep.equal(['hello from a test', 'hello from a test']);
  });

  it('must watch, with an event for what each change has come to', async () => {
    const watch = await stack.watch();
    try {
      expect(watch.rules.map(({ action }) => action)).to.deep.equal(['sync', 'sync+restart']);
      const changed = watch.next('changed');
      const synced = watch.next('synced');
      scenario.write('www/index.html', 'two');
      expect(await changed).to.deep.include({ files: ['www/index.html'], services: ['web'] });
      const { files, service, ms } = await synced;
      expect([files, service, ms > 0]).to.deep.equal([['www/index.html'], 'web', true]);
      expect(await page()).to.equal('two');
      const restarted = watch.next('restarted');
      scenario.write('conf/a', '2');
      expect(await restarted).to.include({ service: 'web' });
      const { stdout } = await stack.exec('web', ['cat', '/conf/a']);
      expect(stdout).to.equal('2');
    } finally {
      await watch.close();
    }
  });

  it('must throw what the command line prints', async () => {
    const failure = async (work: Promise<unknown>) =>
      work.then(
        () => undefined,
        (error: { code?: string; diagnostics?: readonly { message: string }[] }) => error,
      );
    expect(await failure(stack.exec('nobody', ['true']))).to.include({
      code: 'PROJECT_SERVICE_NOT_RUNNING',
    });
    expect(await failure(stack.port('web', 81))).to.include({ code: 'PROJECT_PORT_NOT_PUBLISHED' });
    scenario.write('broken.yaml', 'services: {a: {imag: x}}');
    const broken = await failure(open({ files: ['broken.yaml'] }));
    expect(broken?.diagnostics?.[0]?.message).to.contain('imag');
    const crash = {
      services: { a: { image: TOOLS_IMAGE, command: ['sh', '-c', 'echo why; exit 4'] } },
    };
    await using other = await open({ definition: crash, projectName: 'crash' });
    const error = (await failure(other.up())) as { message: string };
    expect(error.message).to.contain('exited (4)');
  });

  it('must run beside others of the same files, and leave nothing when it is disposed of', async () => {
    {
      await using first = await open({ projectName: 'worker-1', disposeVolumes: true });
      await using second = await open({ projectName: 'worker-2', disposeVolumes: true });
      await Promise.all([first.up({ scale: { web: 2 } }), second.up()]);
      expect(await first.ps()).to.have.length(2);
      expect((await first.port('web', 80)).port).not.to.equal((await second.port('web', 80)).port);
    }
    const { stdout } = await scenario.mustCompose('ls', '-a', '-q');
    expect(stdout).to.equal('shop\n');
  });
});
