import { expect } from 'chai';
import { type Namespace, NetLab } from '../../support/net-lab.ts';

describe('bridge networks with IPv6', () => {
  let lab: NetLab;
  let web: Namespace;
  let neighbour: Namespace;
  let stranger: Namespace;

  before(async function () {
    if (!NetLab.available()) this.skip();
    lab = new NetLab();
    lab.host.run('ip', 'addr', 'add', '2001:db8::1/64', 'dev', 'ext', 'nodad');
    lab.outside.run('ip', 'addr', 'add', '2001:db8::2/64', 'dev', 'eth0', 'nodad');
    lab.network('cor-six', '10.75.1', 'external', 'fd00:75:1');
    lab.network('cor-other', '10.75.2', 'external', 'fd00:75:2');
    web = lab.container('cor-six', '10.75.1.2', false, ['fd00:75:1::2/64', 'fd00:75:1::1']);
    neighbour = lab.container('cor-six', '10.75.1.3', false, ['fd00:75:1::3/64', 'fd00:75:1::1']);
    stranger = lab.container('cor-other', '10.75.2.2', false, ['fd00:75:2::2/64', 'fd00:75:2::1']);
    await Promise.all([
      lab.serve(web, 'tcp', 80, 'web', '::'),
      lab.serve(web, 'udp', 53, 'web-udp', '::'),
      lab.serve(lab.outside, 'tcp', 7000, 'outside', '::'),
    ]);
  });

  after(() => lab?.end());

  it('carry packets between neighbours, with their own addresses, at once', () => {
    expect(lab.ask(neighbour, 'tcp', 'fd00:75:1::2', 80)).to.deep.equal({
      name: 'web',
      from: 'fd00:75:1::3',
      whole: true,
    });
    expect(lab.ask(lab.host, 'tcp', 'fd00:75:1::2', 80).name).to.equal('web');
  });

  it('are kept apart, and lead out behind the address of the host', () => {
    expect(lab.ask(stranger, 'tcp', 'fd00:75:1::2', 80, { timeoutMs: 700 }).error).to.equal(
      'TIMEOUT',
    );
    expect(lab.ask(web, 'tcp', '2001:db8::2', 7000)).to.deep.equal({
      name: 'outside',
      from: '2001:db8::1',
      whole: true,
    });
  });

  it('publish on every IPv6 address, with the client’s own address', async () => {
    const published = await lab.publish(
      'tcp,::,8080,10.75.1.2,80,fd00:75:1::2',
      'udp,::,8053,10.75.1.2,53,fd00:75:1::2',
    );
    expect(lab.ask(lab.outside, 'tcp', '2001:db8::1', 8080)).to.deep.equal({
      name: 'web',
      from: '2001:db8::2',
      whole: true,
    });
    expect(lab.ask(lab.outside, 'udp', '2001:db8::1', 8053).from).to.equal('2001:db8::2');
    for (const address of ['::1', '2001:db8::1', 'fd00:75:1::1']) {
      expect(lab.ask(lab.host, 'tcp', address, 8080), address).to.include({
        name: 'web',
        whole: true,
      });
    }
    for (const [name, from] of Object.entries({ stranger, neighbour, web })) {
      expect(lab.ask(from, 'tcp', '2001:db8::1', 8080).name, name).to.equal('web');
    }
    await published.close();
    expect(lab.ask(lab.outside, 'tcp', '2001:db8::1', 8080).error).to.equal('ECONNREFUSED');
  });

  it('publish on one IPv6 address alone', async () => {
    lab.host.run('ip', 'addr', 'add', '2001:db8::9/64', 'dev', 'ext', 'nodad');
    const published = await lab.publish('tcp,2001:db8::9,8081,10.75.1.2,80,fd00:75:1::2');
    expect(lab.ask(lab.outside, 'tcp', '2001:db8::9', 8081).name).to.equal('web');
    expect(lab.ask(lab.outside, 'tcp', '2001:db8::1', 8081).error).to.equal('ECONNREFUSED');
    await published.close();
  });

  it('let nobody in by a route; where they are routed, to published ports alone', async () => {
    lab.network('cor-routed', '10.75.3', 'external+routed6', 'fd00:75:3');
    const routed = lab.container('cor-routed', '10.75.3.2', false, [
      'fd00:75:3::2/64',
      'fd00:75:3::1',
    ]);
    await lab.serve(routed, 'tcp', 80, 'routed', '::');
    await lab.serve(routed, 'tcp', 81, 'hidden', '::');
    lab.outside.run('ip', '-6', 'route', 'add', 'fd00:75::/32', 'via', '2001:db8::1');
    const published = await lab.publish(
      'tcp,::,8082,10.75.3.2,80,fd00:75:3::2,routed',
      'tcp,::,8083,10.75.1.2,80,fd00:75:1::2',
    );
    const short = { timeoutMs: 700 };
    expect(lab.ask(lab.outside, 'tcp', 'fd00:75:3::2', 80).name).to.equal('routed');
    expect(lab.ask(lab.outside, 'tcp', 'fd00:75:3::2', 81, short).error).to.equal('TIMEOUT');
    expect(lab.ask(lab.outside, 'tcp', 'fd00:75:1::2', 80, short).error).to.equal('TIMEOUT');
    expect(lab.ask(routed, 'tcp', '2001:db8::2', 7000).from).to.equal('fd00:75:3::2');
    await published.close();
    expect(lab.ask(lab.outside, 'tcp', 'fd00:75:3::2', 80, short).error).to.equal('TIMEOUT');
  });

  it('do not take a container for the host’s router (CVE-2020-13401)', () => {
    for (const bridge of ['cor-six', 'cor-plain']) {
      if (bridge === 'cor-plain') lab.network(bridge, '10.75.4');
      // Any address from its own range makes a sender of it.
      const sender = lab.container(bridge, `10.75.${bridge === 'cor-six' ? 1 : 4}.66`, false, [
        'fd00:75:66::1/64',
        '-',
      ]);
      for (let i = 0; i < 3; i++) {
        sender.run(NetLab.toolPath, 'advertise', 'eth0');
        neighbour.run('sleep', '0.1');
      }
      expect(lab.host.run('ip', '-6', 'route', 'show', 'default'), bridge).to.equal('');
    }
    expect(neighbour.run('ip', '-6', 'route', 'show', 'default')).to.match(
      /^default via fd00:75:1::1 /,
    );
  });

  it('leave the host its own address from its router when they make it one', () => {
    expect(lab.host.run('cat', '/proc/sys/net/ipv6/conf/all/forwarding').trim()).to.equal('1');
    expect(lab.host.run('cat', '/proc/sys/net/ipv6/conf/ext/accept_ra').trim()).to.equal('2');
  });

  it('take all of it away again', () => {
    for (const [bridge, n] of [
      ['cor-six', 1],
      ['cor-other', 2],
      ['cor-routed', 3],
      ['cor-plain', 4],
    ] as const) {
      const subnet6 = bridge === 'cor-plain' ? [] : [`fd00:75:${n}::/64`];
      lab.must('network-down', lab.table, bridge, `10.75.${n}.0/24`, ...subnet6);
    }
    expect(lab.host.run('nft', 'list', 'tables')).to.equal('');
  });
});
