import { expect } from 'chai';
import { type Namespace, NetLab } from '../../support/net-lab.ts';

describe('traffic of bridge networks', () => {
  let lab: NetLab;
  let web: Namespace;
  let neighbour: Namespace;
  let stranger: Namespace;

  before(async function () {
    if (!NetLab.available()) this.skip();
    lab = new NetLab();
    lab.network('cor-front', '10.77.1');
    lab.network('cor-back', '10.77.2');
    web = lab.container('cor-front', '10.77.1.2');
    neighbour = lab.container('cor-front', '10.77.1.3');
    stranger = lab.container('cor-back', '10.77.2.2');
    await Promise.all([
      lab.serve(web, 'tcp', 80, 'web'),
      lab.serve(web, 'udp', 53, 'web-udp'),
      lab.serve(stranger, 'tcp', 80, 'stranger'),
      lab.serve(lab.outside, 'tcp', 7000, 'outside'),
    ]);
  });

  after(() => lab?.end());

  it('carries packets between containers of one network, with their own addresses', () => {
    expect(lab.ask(neighbour, 'tcp', '10.77.1.2', 80)).to.deep.equal({
      name: 'web',
      from: '10.77.1.3',
      whole: true,
    });
    expect(lab.ask(neighbour, 'udp', '10.77.1.2', 53).name).to.equal('web-udp');
  });

  it('keeps two networks apart', () => {
    expect(lab.ask(stranger, 'tcp', '10.77.1.2', 80, { timeoutMs: 700 }).error).to.equal('TIMEOUT');
    expect(lab.ask(web, 'tcp', '10.77.2.2', 80, { timeoutMs: 700 }).error).to.equal('TIMEOUT');
  });

  it('lets containers out behind the address of the host', () => {
    const answer = lab.ask(web, 'tcp', '192.0.2.2', 7000);
    expect(answer).to.deep.equal({ name: 'outside', from: '192.0.2.1', whole: true });
  });

  it('does not let outsiders in by a route to the network, as long as nothing is published', () => {
    lab.outside.run('ip', 'route', 'add', '10.77.1.0/24', 'via', '192.0.2.1');
    expect(lab.ask(lab.outside, 'tcp', '10.77.1.2', 80, { timeoutMs: 700 }).error).to.equal(
      'TIMEOUT',
    );
  });

  it('refuses at the host what is not published', () => {
    expect(lab.ask(lab.host, 'tcp', '127.0.0.1', 8080).error).to.equal('ECONNREFUSED');
  });

  it('publishes on every address: loopback, other addresses, IPv6 and localhost', async () => {
    const published = await lab.publish(
      'tcp,0.0.0.0,8080,10.77.1.2,80',
      'tcp,::,8080,10.77.1.2,80',
      'udp,0.0.0.0,8053,10.77.1.2,53',
      'udp,::,8053,10.77.1.2,53',
    );
    for (const address of ['127.0.0.1', '192.0.2.1', '10.77.1.1', '::1', 'localhost']) {
      const answer = lab.ask(lab.host, 'tcp', address, 8080);
      expect(answer, address).to.include({ name: 'web', whole: true });
    }
    for (const address of ['127.0.0.1', '192.0.2.1', '::1']) {
      expect(lab.ask(lab.host, 'udp', address, 8053).name, address).to.equal('web-udp');
    }
    expect(lab.ask(lab.outside, 'tcp', '192.0.2.1', 8080)).to.deep.equal({
      name: 'web',
      from: '192.0.2.2',
      whole: true,
    });
    expect(lab.ask(lab.outside, 'udp', '192.0.2.1', 8053).name).to.equal('web-udp');
    await published.close();
    expect(lab.ask(lab.host, 'tcp', '127.0.0.1', 8080).error).to.equal('ECONNREFUSED');
    expect(lab.ask(lab.outside, 'tcp', '192.0.2.1', 8080).error).to.equal('ECONNREFUSED');
  });

  it('serves a published port to other networks, to neighbours and to the container itself', async () => {
    const published = await lab.publish('tcp,0.0.0.0,8081,10.77.1.2,80');
    for (const [name, from] of Object.entries({ stranger, neighbour, web })) {
      expect(lab.ask(from, 'tcp', '192.0.2.1', 8081).name, name).to.equal('web');
    }
    await published.close();
  });

  it('keeps a port that is published on 127.0.0.1 from everybody else', async () => {
    const published = await lab.publish('tcp,127.0.0.1,8082,10.77.1.2,80');
    expect(lab.ask(lab.host, 'tcp', '127.0.0.1', 8082).name).to.equal('web');
    expect(lab.ask(lab.host, 'tcp', '192.0.2.1', 8082).error).to.equal('ECONNREFUSED');
    expect(lab.ask(lab.outside, 'tcp', '192.0.2.1', 8082).error).to.equal('ECONNREFUSED');
    // A neighbour on the wire may address frames for 127.0.0.1 to us.
    routeLoopbackTo(lab.outside, 'eth0', '192.0.2.1');
    expect(lab.ask(lab.outside, 'tcp', '127.0.0.1', 8082, { timeoutMs: 700 }).error).to.equal(
      'TIMEOUT',
    );
    await published.close();
  });

  it('publishes on one address of the host alone', async () => {
    const published = await lab.publish('tcp,192.0.2.1,8083,10.77.1.2,80');
    expect(lab.ask(lab.outside, 'tcp', '192.0.2.1', 8083).name).to.equal('web');
    expect(lab.ask(lab.host, 'tcp', '127.0.0.1', 8083).error).to.equal('ECONNREFUSED');
    await published.close();
  });

  it('does not let a container reach services on the loopback of the host', async () => {
    await lab.serve(lab.host, 'tcp', 9000, 'private', '127.0.0.1');
    const intruder = lab.container('cor-front', '10.77.1.9');
    routeLoopbackTo(intruder, 'eth0', '10.77.1.1');
    expect(lab.ask(lab.host, 'tcp', '127.0.0.1', 9000).name).to.equal('private');
    expect(lab.ask(intruder, 'tcp', '127.0.0.1', 9000, { timeoutMs: 700 }).error).to.equal(
      'TIMEOUT',
    );
  });

  it('gives an internal network no way out or in, but its own members and the host', async () => {
    lab.network('cor-int', '10.77.3', 'internal');
    const inner = lab.container('cor-int', '10.77.3.2', true);
    const other = lab.container('cor-int', '10.77.3.3', true);
    await lab.serve(inner, 'tcp', 80, 'inner');
    expect(lab.ask(other, 'tcp', '10.77.3.2', 80).name).to.equal('inner');
    // Even with a route of its own making.
    inner.run('ip', 'route', 'add', 'default', 'via', '10.77.3.1');
    expect(lab.ask(inner, 'tcp', '192.0.2.2', 7000, { timeoutMs: 700 }).error).to.equal('TIMEOUT');
    const published = await lab.publish('tcp,0.0.0.0,8084,10.77.3.3,80');
    await lab.serve(other, 'tcp', 80, 'other');
    expect(lab.ask(lab.host, 'tcp', '127.0.0.1', 8084).name).to.equal('other');
    expect(lab.ask(lab.outside, 'tcp', '192.0.2.1', 8084, { timeoutMs: 700 }).error).to.equal(
      'TIMEOUT',
    );
    await published.close();
  });

  it('leads a UDP client that keeps its port to the new container at once', async () => {
    await lab.serve(neighbour, 'udp', 53, 'neighbour-udp');
    const first = await lab.publish('udp,0.0.0.0,8055,10.77.1.2,53');
    const options = { localPort: 40000 };
    expect(lab.ask(lab.outside, 'udp', '192.0.2.1', 8055, options).name).to.equal('web-udp');
    await first.close();
    const second = await lab.publish('udp,0.0.0.0,8055,10.77.1.3,53');
    expect(lab.ask(lab.outside, 'udp', '192.0.2.1', 8055, options).name).to.equal('neighbour-udp');
    await second.close();
  });
});

/** Makes a namespace send its packets for 127.0.0.1 over the wire, as an attacker would. */
function routeLoopbackTo(namespace: Namespace, device: string, gateway: string): void {
  namespace.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet');
  namespace.run('ip', 'addr', 'del', '127.0.0.1/8', 'dev', 'lo');
  namespace.run('ip', 'route', 'add', '127.0.0.1/32', 'via', gateway, 'dev', device);
}
