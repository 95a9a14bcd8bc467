import { expect } from 'chai';
import { readGreeting, serverKind } from '../../../../src/compose/execute/wait/greeting.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';
import { makeProject, planUpOn, runOn } from '../../../support/plan-fixture.ts';

describe('--wait for a service without a healthcheck', () => {
  let engine: FakeEngine;
  let asked: number;

  beforeEach(() => {
    engine = new FakeEngine();
    engine.addImage('tiny');
    asked = 0;
  });

  /** @returns the texts and failures of `up --wait`, and how long it slept. */
  async function up(...services: readonly string[]) {
    const project = makeProject(Object.fromEntries(services.map((name) => [name, {}])));
    const { plan } = await planUpOn(engine, project, { wait: true });
    const texts: string[] = [];
    let sleptMs = 0;
    const { failures } = await runOn(engine, plan, {
      onProgress: ({ resource, text, state }) => {
        if (state !== 'working') texts.push(`${resource.name} ${text}`);
      },
      sleep: (ms) => {
        sleptMs += ms;
        return new Promise((resolve) => setImmediate(resolve));
      },
    });
    return { texts, sleptMs, errors: failures.map(({ error }) => (error as Error).message) };
  }

  /** Listens on the given ports from the n-th look on. */
  function listens(name: string, published: readonly number[], after: number, on = published) {
    const listening = () => {
      asked += 1;
      return asked > after ? on : [];
    };
    engine.behave(name, { ports: { published, listening } });
  }

  it('ends when the process is up for a moment, where it has no ports', async () => {
    const { texts, sleptMs } = await up('job');
    expect(texts.at(-1)).to.equal('todo-job-1 Healthy');
    expect(sleptMs).to.be.within(400, 2_000);
  });

  it('ends when the ports listen, and not before', async () => {
    listens('todo-web-1', [80, 443], 7);
    const { texts } = await up('web');
    expect(texts.at(-1)).to.equal('todo-web-1 Healthy');
    expect(asked).to.equal(8);
  });

  it('does not wait for ever for a port that never listens, and says so', async () => {
    listens('todo-web-1', [80, 9229], 0, [80]);
    expect((await up('web')).texts.at(-1)).to.equal('todo-web-1 runs, but does not listen on 9229');
    engine.behave('todo-deaf-1', { ports: { published: [80], listening: () => [] } });
    const { texts, errors } = await up('deaf');
    expect(texts.at(-1)).to.equal('todo-deaf-1 runs, but does not listen on 80');
    expect(errors).to.deep.equal([]);
  });

  it('takes a one-shot service that ends well for done', async () => {
    engine.behave('todo-job-1', { exitCode: 0 });
    expect((await up('job')).texts.at(-1)).to.equal('todo-job-1 Exited');
  });

  it('ends with a crash loop, its reason and last log lines', async () => {
    engine.behave('todo-web-1', { restartsWith: 3, log: ['no such database'] });
    const { errors } = await up('web');
    expect(errors).to.have.length(1);
    expect(errors[0]).to.match(
      /^container todo-web-1 keeps ending and is started again \(\d+ times\), last with exit code 3$/,
    );
  });

  it('lets a service end and start as long as something else is on its way up', async () => {
    listens('todo-db-1', [3000], 20);
    engine.behave('todo-web-1', { restartsWith: 1 });
    const { errors, texts } = await up('db', 'web');
    expect(texts).to.include('todo-db-1 Healthy');
    expect(asked).to.equal(21);
    expect(errors).to.have.length(1);
  });
});

describe('the first words of a server', () => {
  const mysql = (byte: number) => Buffer.from([74, 0, 0, 0, byte, 0x35]);
  const postgresError = (code: string) => {
    const body = Buffer.from(`SFATAL\0VFATAL\0C${code}\0Mno\0\0`);
    const head = Buffer.alloc(5);
    head.write('E');
    head.writeUInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };

  it('tell whether a login would work', () => {
    expect(readGreeting('mysql', mysql(10))).to.equal('ready');
    expect(readGreeting('mysql', mysql(0xff))).to.equal('ready');
    expect(readGreeting('mysql', Buffer.from('HTTP/1.1 400'))).to.equal('silent');
    expect(readGreeting('postgres', Buffer.from('R\0\0\0\x08'))).to.equal('ready');
    expect(readGreeting('postgres', postgresError('57P03'))).to.equal('busy');
    expect(readGreeting('postgres', postgresError('28000'))).to.equal('ready');
    expect(readGreeting('redis', Buffer.from('+PONG\r\n'))).to.equal('ready');
    expect(readGreeting('redis', Buffer.from('-NOAUTH Authentication required.\r\n'))).to.equal(
      'ready',
    );
    expect(readGreeting('redis', Buffer.from('-LOADING Redis is loading\r\n'))).to.equal('busy');
  });

  it('may come in pieces', () => {
    for (const kind of ['mysql', 'postgres', 'redis'] as const) {
      expect(readGreeting(kind, Buffer.alloc(0))).to.equal(undefined);
    }
    expect(readGreeting('postgres', postgresError('28000').subarray(0, 9))).to.equal(undefined);
    expect(readGreeting('redis', Buffer.from('+PO'))).to.equal(undefined);
  });

  it('are expected by port, or by image where there is one port', () => {
    expect(serverKind(3306, 'anything', false)).to.equal('mysql');
    expect(serverKind(3310, 'docker.io/library/mariadb:11', true)).to.equal('mysql');
    expect(serverKind(5433, 'postgres:16', true)).to.equal('postgres');
    expect(serverKind(8081, 'postgres:16', false)).to.equal(undefined);
    expect(serverKind(6380, 'valkey/valkey:8', true)).to.equal('redis');
    expect(serverKind(80, 'nginx', true)).to.equal(undefined);
  });
});
