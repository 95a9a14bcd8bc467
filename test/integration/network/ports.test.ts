import { expect } from 'chai';
import { type Namespace, NetLab } from '../../support/net-lab.ts';

describe('published ports', () => {
  let lab: NetLab;
  let web: Namespace;

  before(async function () {
    if (!NetLab.available()) this.skip();
    lab = new NetLab();
    lab.network('cor-ports', '10.78.1');
    web = lab.container('cor-ports', '10.78.1.2');
    await lab.serve(web, 'tcp', 80, 'web');
  });

  after(() => lab?.end());

  const portElements = () => lab.elements().filter((element) => element.includes('10.78.1.2'));

  it('names a port that another program listens on', async () => {
    await lab.serve(lab.host, 'tcp', 7100, 'somebody');
    const error = await failure(lab.publish('tcp,0.0.0.0,7100,10.78.1.2,80'));
    expect(error).to.include({ errnoName: 'EADDRINUSE', path: 'tcp/0.0.0.0:7100' });
  });

  it('names a UDP port and an address that is not there', async () => {
    await lab.serve(lab.host, 'udp', 7101, 'somebody');
    expect(await failure(lab.publish('udp,127.0.0.1,7101,10.78.1.2,80'))).to.include({
      errnoName: 'EADDRINUSE',
      path: 'udp/127.0.0.1:7101',
    });
    expect(await failure(lab.publish('tcp,203.0.113.9,7102,10.78.1.2,80'))).to.include({
      errnoName: 'EADDRNOTAVAIL',
      path: 'tcp/203.0.113.9:7102',
    });
  });

  it('publishes all of a container or nothing', async () => {
    const ports = ['tcp,0.0.0.0,7103,10.78.1.2,80', 'tcp,0.0.0.0,7100,10.78.1.2,80'];
    await failure(lab.publish(...ports));
    expect(portElements()).to.deep.equal([]);
    expect(lab.bind('tcp', '0.0.0.0', 7103, 'reuse')).to.deep.equal({ ok: true });
  });

  for (const [what, protocol, host, how] of [
    ['a TCP server on the same address', 'tcp', '0.0.0.0', 'reuse'],
    ['a TCP server on 127.0.0.1', 'tcp', '127.0.0.1', 'reuse'],
    ['a TCP server on :: (both families)', 'tcp', '::', 'reuse'],
    ['a UDP socket', 'udp', '0.0.0.0', 'exclusive'],
    ['a UDP socket with SO_REUSEADDR', 'udp', '127.0.0.1', 'reuse'],
  ] as const) {
    it(`holds its port against ${what}`, async () => {
      const published = await lab.publish(`${protocol},0.0.0.0,7104,10.78.1.2,80`);
      expect(lab.bind(protocol, host, 7104, how)).to.deep.equal({ error: 'EADDRINUSE' });
      await published.close();
      expect(lab.bind(protocol, host, 7104, how)).to.deep.equal({ ok: true });
    });
  }

  it('holds its port against a second container, and the first one goes on', async () => {
    const first = await lab.publish('tcp,0.0.0.0,7105,10.78.1.2,80');
    expect(await failure(lab.publish('tcp,0.0.0.0,7105,10.78.1.3,80'))).to.include({
      path: 'tcp/0.0.0.0:7105',
    });
    expect(lab.ask(lab.host, 'tcp', '127.0.0.1', 7105).name).to.equal('web');
    await first.close();
  });

  it('lets a port be published on two addresses by two containers', async () => {
    const first = await lab.publish('tcp,127.0.0.1,7106,10.78.1.2,80');
    const second = await lab.publish('tcp,192.0.2.1,7106,10.78.1.2,80');
    expect(portElements()).to.have.length(2);
    await first.close();
    await second.close();
  });

  it('takes a port whose last server has just ended', async () => {
    lab.leaveTimeWait(7107);
    expect(lab.host.run('ss', '-tan')).to.match(/TIME-WAIT.*127\.0\.0\.1:7107/);
    const published = await lab.publish('tcp,0.0.0.0,7107,10.78.1.2,80');
    expect(lab.ask(lab.host, 'tcp', '127.0.0.1', 7107).name).to.equal('web');
    await published.close();
  });

  it('refuses connections at once where the rules are gone, rather than letting them hang', async () => {
    const published = await lab.publish('tcp,0.0.0.0,7108,10.78.1.2,80');
    lab.must('table-delete', lab.table);
    expect(lab.ask(lab.host, 'tcp', '127.0.0.1', 7108).error).to.equal('ECONNREFUSED');
    await published.close();
    lab.network('cor-ports', '10.78.1');
  });

  it('assigns ephemeral ports, the same number for both families', async () => {
    const published = await lab.publish('tcp,0.0.0.0,0,10.78.1.2,80', 'tcp,::,0,10.78.1.2,80');
    const [v4 = 0, v6 = 0] = published.ports;
    expect(v4).to.be.greaterThan(1023);
    expect(v6).to.equal(v4);
    expect(lab.ask(lab.host, 'tcp', 'localhost', v4).name).to.equal('web');
    await published.close();
  });

  it('replaces what a killed shim left, and forgets only what still is that container’s', async () => {
    const killed = await lab.publish('tcp,0.0.0.0,7109,10.78.1.9,80');
    await killed.kill();
    expect(lab.elements().join()).to.include('10.78.1.9');
    const published = await lab.publish('tcp,0.0.0.0,7109,10.78.1.2,80');
    expect(lab.ask(lab.host, 'tcp', '127.0.0.1', 7109).name).to.equal('web');
    lab.must('forget', lab.table, 'tcp,0.0.0.0,7109,10.78.1.9,80');
    expect(portElements()).to.have.length(1);
    await published.kill();
    lab.must('forget', lab.table, 'tcp,0.0.0.0,7109,10.78.1.2,80');
    expect(portElements()).to.deep.equal([]);
  });

  it('publishes a thousand ports in one transaction', async () => {
    const ports = Array.from({ length: 1000 }, (_, i) => `tcp,0.0.0.0,${20000 + i},10.78.1.2,80`);
    const published = await lab.publish(...ports);
    expect(portElements()).to.have.length(1000);
    expect(lab.ask(lab.host, 'tcp', '127.0.0.1', 20999).name).to.equal('web');
    await published.close();
    expect(portElements()).to.deep.equal([]);
  });
});

/** The tool's error of a publication that must fail. */
async function failure(publication: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await publication;
  } catch (error) {
    return JSON.parse((error as Error).message) as Record<string, unknown>;
  }
  throw new Error('published, although it must not');
}
