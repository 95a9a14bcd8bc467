import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { EngineLab, failure } from './engine-lab.ts';

describe('networks of containers', () => {
  const lab = new EngineLab();
  const { engine } = lab;
  before(() => lab.open());
  afterEach(() => lab.expectClean());
  after(() => lab.close());

  const httpd = {
    Cmd: [
      'sh',
      '-c',
      'mkdir /www; echo hello from $HOSTNAME >/www/index.html; httpd -f -p 80 -h /www',
    ],
  };

  /** The body, as soon as the server inside answers. */
  async function fetchSoon(url: string): Promise<string> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await (await fetch(url)).text();
      } catch (error) {
        if (attempt === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  it('publishes a port that the kernel chooses, shows it, and gives it back', async () => {
    const container = await lab.run('web', {
      ...httpd,
      Hostname: 'web',
      ExposedPorts: { '80/tcp': {}, '90/udp': {} },
      HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
    });
    const [listed] = await engine.listContainers();
    expect(listed?.Ports).to.have.length(2);
    const port = listed?.Ports[0]?.PublicPort;
    expect(listed?.Ports[0]).to.deep.include({ IP: '127.0.0.1', PrivatePort: 80, Type: 'tcp' });
    expect(await fetchSoon(`http://127.0.0.1:${port}/`)).to.equal('hello from web\n');
    const { NetworkSettings } = await container.inspect();
    expect(NetworkSettings.Ports).to.deep.equal({
      '80/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }],
      '90/udp': null,
    });
    await container.stop();
    const refused = await failure(fetch(`http://127.0.0.1:${port}/`));
    expect(String(refused.cause)).to.match(/ECONNREFUSED/);
  });

  it('publishes on IPv6 too where no address is given, under the same number', async function () {
    if (!existsSync('/proc/net/if_inet6')) this.skip();
    await lab.run('both', { ...httpd, HostConfig: { PortBindings: { '80/tcp': [{}] } } });
    const [listed] = await engine.listContainers();
    expect(listed?.Ports.map(({ IP }) => IP)).to.deep.equal(['0.0.0.0', '::']);
    const port = listed?.Ports[0]?.PublicPort;
    expect(listed?.Ports[1]?.PublicPort).to.equal(port);
    for (const host of ['127.0.0.1', '[::1]']) {
      expect(await fetchSoon(`http://${host}:${port}/`), host).to.match(/^hello/);
    }
  });

  it('names who holds a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const publish = (hostPort: number) => ({
      PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: String(hostPort) }] },
    });
    const byProcess = await lab.create('late', { HostConfig: publish(port) });
    const process = await failure(byProcess.start());
    server.close();
    expect(process).to.include({ code: 'PORT_ALREADY_ALLOCATED' });
    expect(process.message).to.match(
      new RegExp(
        `container late: port 127.0.0.1:${port}/tcp is already in use by ".*" \\(pid \\d+\\)`,
      ),
    );
    const first = await lab.run('first', { HostConfig: publish(0) });
    const taken = (await first.inspect()).NetworkSettings.Ports['80/tcp']?.[0]?.HostPort;
    const second = await lab.create('second', { HostConfig: publish(Number(taken)) });
    expect((await failure(second.start())).message).to.match(/in use by container "first"/);
    expect((await second.inspect()).State.Status).to.equal('created');
  });

  it('lets containers find each other by name and alias, for as long as they run', async () => {
    await engine.createNetwork({ Name: 'lab_net', Labels: { a: 'b' } });
    const on = (alias: string) => ({
      HostConfig: { NetworkMode: 'lab_net' },
      NetworkingConfig: { EndpointsConfig: { lab_net: { Aliases: [alias] } } },
    });
    const server = await lab.run('lab-web-1', { ...httpd, ...on('web') });
    await lab.run('lab-client-1', on('client'));
    const address = (await server.inspect()).NetworkSettings.Networks.lab_net?.IPAddress;
    for (const name of ['web', 'lab-web-1', (await server.inspect()).Id.slice(0, 12)]) {
      expect(await lab.sh('lab-client-1', `nslookup ${name} | tail -n +3`), name).to.include(
        address,
      );
    }
    expect(await lab.sh('lab-client-1', 'wget -qO- http://web/')).to.match(/^hello from/);
    await server.stop();
    expect(await lab.sh('lab-client-1', 'nslookup web')).to.match(/NXDOMAIN|can't/);
  });

  it('keeps networks apart and shows who is on one', async () => {
    await engine.createNetwork({ Name: 'front' });
    await engine.createNetwork({ Name: 'back', Internal: true });
    const both = await lab.run('both', {
      HostConfig: { NetworkMode: 'back' },
      NetworkingConfig: { EndpointsConfig: { back: {}, front: {} } },
    });
    await lab.run('alone', { HostConfig: { NetworkMode: 'front' } });
    expect(await lab.sh('alone', 'nslookup both >/dev/null && echo found')).to.equal('found');
    // Its way out is the network that leads out, whatever the order.
    const gateway = (await engine.getNetwork('front').inspect()).IPAM?.Config?.[0]?.Gateway;
    expect(await lab.sh('both', 'ip route | grep default')).to.include(`via ${gateway} dev eth1`);
    const view = await engine.getNetwork('back').inspect();
    expect(Object.values(view.Containers ?? {}).map(({ Name }) => Name)).to.deep.equal(['both']);
    expect(await failure(engine.getNetwork('back').remove())).to.include({
      code: 'NETWORK_IN_USE',
    });
    expect(
      (await engine.listContainers({ filters: { network: ['back'] } })).map(({ Id }) => Id),
    ).to.deep.equal([(await both.inspect()).Id]);
  });

  it('gives a fixed address, and the same one to the next container of the name', async () => {
    await engine.createNetwork({
      Name: 'fixed',
      IPAM: { Config: [{ Subnet: '10.213.77.0/28' }] },
    });
    const at = (IPv4Address: string) => ({
      HostConfig: { NetworkMode: 'fixed' },
      NetworkingConfig: { EndpointsConfig: { fixed: { IPAMConfig: { IPv4Address } } } },
    });
    const first = await lab.run('one', at('10.213.77.9'));
    expect(await lab.sh('one', 'hostname -i')).to.equal('10.213.77.9');
    const taken = await failure(lab.create('two', at('10.213.77.9')));
    expect(taken).to.include({ code: 'NETWORK_ADDRESS_TAKEN' });
    expect(await failure(lab.create('two', at('10.1.1.1')))).to.include({
      code: 'NETWORK_ADDRESS_INVALID',
    });
    await first.remove({ force: true });
    await lab.run('two', at('10.213.77.9'));
  });

  it('gives IPv6, link-local addresses, an interface name and its sysctls', async () => {
    await engine.createNetwork({
      Name: 'six',
      EnableIPv6: true,
      IPAM: { Config: [{ Subnet: '10.213.78.0/28' }, { Subnet: 'fd00:213:78::/64' }] },
    });
    const server = await lab.run('lab-six-1', {
      ...httpd,
      HostConfig: { NetworkMode: 'six', PortBindings: { '80/tcp': [{ HostIp: '::' }] } },
      NetworkingConfig: {
        EndpointsConfig: {
          six: {
            Aliases: ['web'],
            MacAddress: '02:42:ac:11:65:43',
            IPAMConfig: {
              IPv6Address: 'fd00:213:78::99',
              LinkLocalIPs: ['169.254.7.7', 'fe80::7'],
            },
            DriverOpts: {
              'com.docker.network.endpoint.ifname': 'front0',
              'com.docker.network.endpoint.sysctls': 'net.ipv4.conf.IFNAME.log_martians=1',
            },
          },
        },
      },
    });
    const view = (await server.inspect()).NetworkSettings.Networks.six;
    expect(view).to.include({
      GlobalIPv6Address: 'fd00:213:78::99',
      GlobalIPv6PrefixLen: 64,
      IPv6Gateway: 'fd00:213:78::1',
      MacAddress: '02:42:ac:11:65:43',
    });
    const addresses = await lab.sh('lab-six-1', 'ip addr show front0');
    for (const address of [
      '10.213.78.2/28',
      'fd00:213:78::99/64',
      '169.254.7.7/16',
      'fe80::7/64',
    ]) {
      expect(addresses).to.include(address);
    }
    expect(await lab.sh('lab-six-1', 'cat /proc/sys/net/ipv4/conf/front0/log_martians')).to.equal(
      '1',
    );
    await lab.run('lab-client-1', { HostConfig: { NetworkMode: 'six' } });
    expect(await lab.sh('lab-client-1', 'nslookup -type=aaaa web | tail -n +3')).to.include(
      'fd00:213:78::99',
    );
    expect(await lab.sh('lab-client-1', 'nslookup fd00:213:78::99')).to.match(/name = lab-six-1/);
    expect(await lab.sh('lab-client-1', 'wget -qO- "http://[fd00:213:78::99]/"')).to.match(
      /^hello from/,
    );
    expect(await lab.sh('lab-client-1', 'nslookup host.docker.internal | tail -n +3')).to.include(
      '10.213.78.1',
    );
    const [listed] = await engine.listContainers({ filters: { name: ['lab-six-1'] } });
    const port = listed?.Ports.find(({ IP }) => IP === '::')?.PublicPort;
    expect(await fetchSoon(`http://[::1]:${port}/`)).to.match(/^hello/);
    const { Id } = await server.inspect();
    expect((await engine.getNetwork('six').inspect()).Containers?.[Id]).to.include({
      IPv6Address: 'fd00:213:78::99/64',
    });
  });

  it('connects a running container to a network and takes it off again', async () => {
    await engine.createNetwork({ Name: 'first' });
    await engine.createNetwork({ Name: 'second', EnableIPv6: true });
    const server = await lab.run('moving', {
      ...httpd,
      Hostname: 'moving',
      HostConfig: {
        NetworkMode: 'first',
        PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1' }, { HostIp: '::1' }] },
      },
    });
    await lab.run('client', { HostConfig: { NetworkMode: 'second' } });
    const [listed] = await engine.listContainers({ filters: { name: ['moving'] } });
    const urls = listed?.Ports.map(
      ({ IP, PublicPort }) => `http://${IP.includes(':') ? `[${IP}]` : IP}:${PublicPort}/`,
    );
    const reaches = async () => {
      for (const url of urls ?? []) expect(await fetchSoon(url)).to.equal('hello from moving\n');
    };
    await reaches();
    await engine.connectNetwork('second', 'moving', { Aliases: ['web'], GwPriority: 10 });
    expect(await lab.sh('client', 'wget -qO- http://web/')).to.equal('hello from moving');
    // Names of the new network are known in it, and its way out is the one with the priority.
    expect(await lab.sh('moving', 'nslookup client >/dev/null && echo found')).to.equal('found');
    expect(await lab.sh('moving', 'ip route | grep default')).to.include('dev eth1');
    await reaches();
    const twice = await failure(engine.connectNetwork('second', 'moving'));
    expect(twice).to.include({ code: 'NETWORK_ALREADY_CONNECTED' });

    await engine.disconnectNetwork('first', 'moving');
    expect(await lab.sh('moving', 'ls /sys/class/net')).to.match(/^eth1\s+lo$/);
    await reaches();
    const { Networks } = (await server.inspect()).NetworkSettings;
    expect(Object.keys(Networks)).to.deep.equal(['second']);
    expect(await failure(engine.disconnectNetwork('first', 'moving'))).to.include({
      code: 'NETWORK_NOT_CONNECTED',
    });
    await engine.getNetwork('first').remove();

    // What it is attached to holds over a restart, and over none at all.
    await server.restart({ t: 0 });
    expect(await lab.sh('client', 'nslookup web >/dev/null && echo found')).to.equal('found');
    await reaches();
    await engine.disconnectNetwork('second', 'moving');
    expect(await lab.sh('moving', 'ls /sys/class/net')).to.equal('lo');
    await engine.connectNetwork('second', 'moving');
    await reaches();
    await server.stop();
    await engine.disconnectNetwork('second', 'moving');
    await engine.connectNetwork('second', 'moving', { Aliases: ['web'] });
    await server.start();
    expect(await lab.sh('client', 'wget -qO- http://web/')).to.equal('hello from moving');
    await engine.disconnectNetwork('second', 'no-such-container', { force: true });
  });

  it('changes nothing where it cannot be connected', async () => {
    await engine.createNetwork({ Name: 'small', IPAM: { Config: [{ Subnet: '10.213.79.0/29' }] } });
    await lab.run('plain');
    await lab.run('hosted', { HostConfig: { NetworkMode: 'host' } });
    expect(await failure(engine.connectNetwork('small', 'hosted'))).to.include({
      code: 'ENGINE_NETWORK_MODE_UNUSABLE',
    });
    const wrong = { IPAMConfig: { IPv4Address: '10.1.1.1' } };
    expect(await failure(engine.connectNetwork('small', 'plain', wrong))).to.include({
      code: 'NETWORK_ADDRESS_INVALID',
    });
    const clash = { DriverOpts: { 'com.docker.network.endpoint.ifname': 'eth0' } };
    expect((await failure(engine.connectNetwork('small', 'plain', clash))).message).to.match(
      /interface "eth0" already/,
    );
    expect(await lab.sh('plain', 'ls /sys/class/net')).to.match(/^eth0\s+lo$/);
    expect((await engine.getNetwork('small').inspect()).Containers).to.deep.equal({});
  });

  it("shares the network of another container, or the host's, or has none", async () => {
    const owner = await lab.create('owner', httpd);
    const guest = await lab.create('guest', { HostConfig: { NetworkMode: 'container:owner' } });
    expect((await failure(guest.start())).message).to.match(/container owner, .* is not running/);
    await owner.start();
    await guest.start();
    expect(await lab.sh('guest', 'wget -qO- http://127.0.0.1/')).to.match(/^hello from/);
    expect(await lab.sh('guest', 'hostname')).to.equal(await lab.sh('owner', 'hostname'));
    await lab.run('host', { HostConfig: { NetworkMode: 'host' } });
    expect(await lab.sh('host', 'ls -d /sys/class/net/cor-* | wc -l')).not.to.equal('0');
    await lab.run('none', { HostConfig: { NetworkMode: 'none' } });
    expect(await lab.sh('none', 'ls /sys/class/net')).to.equal('lo');
  });

  it('reaches a linked container by its alias', async () => {
    await engine.createNetwork({ Name: 'links' });
    await lab.run('target', { ...httpd, HostConfig: { NetworkMode: 'links' } });
    await lab.run('caller', {
      HostConfig: { NetworkMode: 'links' },
      NetworkingConfig: { EndpointsConfig: { links: { Links: ['target:db'] } } },
    });
    // The server inside needs a moment after its start.
    await eventually(async () =>
      expect(await lab.sh('caller', 'wget -qO- http://db/')).to.match(/^hello from/),
    );
  });
});
