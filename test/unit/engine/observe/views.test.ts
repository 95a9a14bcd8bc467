import { expect } from 'chai';
import { etcFiles, upstreams } from '../../../../src/engine/create/etc-files.ts';
import { networkRequest } from '../../../../src/engine/create/network-mode.ts';
import { containerInfo } from '../../../../src/engine/observe/container-info.ts';
import { inspectInfo } from '../../../../src/engine/observe/inspect-info.ts';
import { candidate, webId } from './container-fixture.ts';

const roots = { data: '/data', run: '/run' };
const now = Date.parse('2026-11-23T12:00:05Z');

describe('what a container looks like', () => {
  it('a running one in a listing', () => {
    const info = containerInfo(candidate(), now, roots);
    expect(info).to.deep.include({
      Id: webId,
      Names: ['/todo-web-1'],
      Command: "sh -c 'serve all'",
      Created: 1795435200,
      State: 'running',
      Status: 'Up 5 seconds',
      HostConfig: { NetworkMode: 'todo_default' },
      Ports: [
        { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 49153, Type: 'tcp' },
        { PrivatePort: 90, Type: 'udp' },
      ],
    });
    expect(info.NetworkSettings.Networks.todo_default).to.include({
      IPAddress: '10.200.0.2',
      IPPrefixLen: 26,
      Gateway: '10.200.0.1',
      MacAddress: '02:42:0a:c8:00:02',
    });
    expect(info.Mounts[0]).to.include({ Type: 'volume', Name: 'todo_db', RW: true });
  });

  it('a stopped one has no ports and no address, but still its network', () => {
    const info = containerInfo(candidate({}, { status: 'exited' }), now, roots);
    expect(info.Ports).to.deep.equal([]);
    expect(info.NetworkSettings.Networks.todo_default).to.include({
      IPAddress: '',
      NetworkID: 'c'.repeat(64),
    });
  });

  it('in full', () => {
    const info = inspectInfo(
      candidate(
        { hostConfig: { NetworkMode: 'todo_default', Memory: 1 << 30 } },
        {
          health: {
            status: 'unhealthy',
            failingStreak: 4,
            log: [{ start: 's', end: 'e', exitCode: 1, output: 'no' }],
          },
        },
      ),
      roots,
    );
    expect(info.State).to.deep.include({
      Status: 'running',
      Running: true,
      Pid: 42,
      Health: {
        Status: 'unhealthy',
        FailingStreak: 4,
        Log: [{ Start: 's', End: 'e', ExitCode: 1, Output: 'no' }],
      },
    });
    expect(info).to.include({ Path: 'sh', Name: '/todo-web-1' });
    expect(info.Args).to.deep.equal(['-c', 'serve all']);
    expect(info.NetworkSettings.Ports).to.deep.equal({
      '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '49153' }],
      '90/udp': null,
    });
    expect(info.NetworkSettings.Networks.todo_default).to.deep.include({
      Aliases: ['web'],
      DNSNames: ['todo-web-1', 'web', webId.slice(0, 12)],
    });
    expect(info.HostConfig).to.include({ Memory: 1 << 30, ShmSize: 67108864, CapAdd: null });
  });
});

describe('files of /etc', () => {
  const sources = {
    hostResolvConf: '# host\nnameserver 192.0.2.53\nsearch example.org example.net\n',
    hostHosts: '127.0.0.1 localhost\n',
    links: [],
  };

  it('on a bridge network, names are asked of our resolver', () => {
    const { record } = candidate({
      hostConfig: {
        ExtraHosts: ['up:host-gateway', 'v6=[2001:db8::1]'],
        DnsOptions: ['timeout:1'],
      },
    });
    const files = etcFiles(record, sources);
    expect(files.resolvConf).to.equal(
      'nameserver 127.0.0.11\nsearch example.org example.net\noptions timeout:1 ndots:0\n',
    );
    expect(files.hosts).to.match(/^127\.0\.0\.1\tlocalhost$/m);
    expect(files.hosts).to.match(/^10\.200\.0\.1\tup$/m);
    expect(files.hosts).to.match(/^2001:db8::1\tv6$/m);
    expect(files.hosts.endsWith('10.200.0.2\tabababababab\n')).to.equal(true);
    expect(files.hostname).to.equal('abababababab\n');
    expect(upstreams(record, sources.hostResolvConf)).to.deep.equal(['192.0.2.53']);
  });

  it('own nameservers are forwarded to; in mode host they stand in the file', () => {
    const hostConfig = { Dns: ['198.51.100.1'], DnsSearch: ['.'] };
    const bridge = candidate({ hostConfig }).record;
    expect(etcFiles(bridge, sources).resolvConf).to.equal(
      'nameserver 127.0.0.11\noptions ndots:0\n',
    );
    expect(upstreams(bridge, sources.hostResolvConf)).to.deep.equal(['198.51.100.1']);
    const host = candidate({ hostConfig, networkMode: { kind: 'host' }, endpoints: [] }).record;
    expect(etcFiles(host, sources).resolvConf).to.equal('nameserver 198.51.100.1\n');
    const plain = { ...host, hostConfig: {} };
    expect(etcFiles(plain, sources).resolvConf).to.equal(sources.hostResolvConf);
  });
});

describe('network mode', () => {
  const plain = { linkLocal: [], gwPriority: 0, driverOpts: {} };

  const find = (name: string) => `id-of-${name}`;

  it('joins the default network where nothing is said', () => {
    expect(networkRequest({}, [], find)).to.deep.equal({
      mode: { kind: 'bridge' },
      endpoints: [{ network: 'bridge', aliases: [], links: [], ...plain }],
    });
  });

  it('puts the network of the mode first', () => {
    const { endpoints } = networkRequest(
      {
        HostConfig: { NetworkMode: 'back' },
        NetworkingConfig: {
          EndpointsConfig: {
            front: { Aliases: ['web'] },
            back: { IPAMConfig: { IPv4Address: '10.9.0.7' } },
          },
        },
      },
      [],
      find,
    );
    expect(endpoints).to.deep.equal([
      { network: 'back', aliases: [], links: [], address: '10.9.0.7', ...plain },
      { network: 'front', aliases: ['web'], links: [], ...plain },
    ]);
  });

  it('shares the network of another container', () => {
    const options = { HostConfig: { NetworkMode: 'container:db' } };
    expect(networkRequest(options, [], find).mode).to.deep.equal({
      kind: 'join',
      container: 'id-of-db',
    });
    const port = { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 1, containerPort: 1 } as const;
    expect(() => networkRequest(options, [port], find)).to.throw(/cannot be published/);
  });

  it('publishes in the host network only what is there anyway', () => {
    const options = { HostConfig: { NetworkMode: 'host' } };
    const port = { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 80, containerPort: 80 } as const;
    expect(networkRequest(options, [port], find).mode).to.deep.equal({ kind: 'host' });
    expect(() => networkRequest(options, [{ ...port, hostPort: 8080 }], find)).to.throw(
      /cannot be published in network mode "host"/,
    );
  });

  it('refuses what would be dropped', () => {
    const settings = (value: object) => () =>
      networkRequest({ NetworkingConfig: { EndpointsConfig: { a: value } } }, [], find);
    expect(settings({ DriverOpts: { x: 'y' } })).to.throw(/DriverOpts: "x" is not supported/);
    expect(settings({ IPAMConfig: { Foo: '::5' } })).to.throw(/IPAMConfig.Foo/);
    expect(settings({ IPAMConfig: { LinkLocalIPs: ['10.0.0.1'] } })).to.throw(/no link-local/);
    const sysctls = 'com.docker.network.endpoint.sysctls';
    for (const bad of ['kernel.IFNAME.a.b=1', 'net.ipv4.conf.eth0.forwarding=1', 'net.ipv4.x']) {
      expect(settings({ DriverOpts: { [sysctls]: bad } }), bad).to.throw(/is not net\.X/);
    }
    for (const bad of ['lo', '..', 'a/b', 'much-too-long-name']) {
      const ifname = { 'com.docker.network.endpoint.ifname': bad };
      expect(settings({ DriverOpts: ifname }), bad).to.throw(/name of an interface/);
    }
    expect(settings({ MacAddress: 'zz' })).to.throw(/no MAC address/);
  });
});
