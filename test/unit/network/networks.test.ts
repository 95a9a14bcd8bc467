import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  createNetwork,
  ensureBridge,
  findNetwork,
  listNetworks,
  type NetworkContext,
  networkView,
  nftTable,
  parseAddressPools,
  removeNetwork,
  type TakenSubnet,
} from '../../../src/network/index.ts';
import { subnetAround } from '../../../src/network/ipv4.ts';
import { ownIdentity, type StateRoots } from '../../../src/state/index.ts';

/** Remembers which bridges the native side would have, and fails on request. */
class RecordedBridges {
  readonly bridges = new Map<string, object>();
  failure: Error | undefined;
  barriers = '';

  async request(
    op: 'bridge.create' | 'bridge.delete',
    fields: { name: string },
  ): Promise<{ barriers: string }> {
    if (this.failure !== undefined) throw this.failure;
    if (op === 'bridge.create') this.bridges.set(fields.name, fields);
    else this.bridges.delete(fields.name);
    return { barriers: this.barriers };
  }
}

describe('networks', () => {
  let roots: StateRoots;
  let native: RecordedBridges;
  let hostTaken: TakenSubnet[];
  let context: NetworkContext;
  let warnings: string[];

  beforeEach(() => {
    warnings = [];
    const base = mkdtempSync(join(tmpdir(), 'coracle-net-'));
    roots = { data: join(base, 'data'), run: join(base, 'run') };
    native = new RecordedBridges();
    hostTaken = [];
    context = {
      roots,
      native,
      pools: parseAddressPools('10.9.0.0/24:26'),
      hostSubnets: () => hostTaken,
      now: () => '2026-11-23T12:00:00.000000000Z',
      warn: (message) => {
        warnings.push(message);
      },
    };
  });
  afterEach(() => rmSync(join(roots.data, '..'), { recursive: true }));

  const create = (Name: string, options: object = {}) =>
    createNetwork(context, { Name, ...options });
  const failure = async (promise: Promise<unknown>) =>
    promise.then(
      () => {
        throw new Error('did not fail');
      },
      (error: Error) => error,
    );

  it('get subnets out of the pool, one behind the other, and a bridge', async () => {
    const first = await create('shop_default');
    const second = await create('blog_default');
    expect(first).to.include({ subnet: '10.9.0.0/26', gateway: '10.9.0.1', mtu: 1500 });
    expect(second.subnet).to.equal('10.9.0.64/26');
    expect(first.bridge).to.match(/^cor-[0-9a-f]{8}$/);
    expect(native.bridges.get(first.bridge)).to.deep.equal({
      table: nftTable(roots.run),
      name: first.bridge,
      address: '10.9.0.1/26',
      subnet: '10.9.0.0/26',
      address6: '',
      subnet6: '',
      mtu: 1500,
      internal: false,
      isolated: false,
      masquerade: true,
      masquerade6: true,
    });
  });

  it('have a unique local subnet where they have IPv6, or the one that is asked for', async () => {
    const one = await create('one', { EnableIPv6: true });
    expect(one.subnet6).to.match(/^fd[0-9a-f:]+\/64$/);
    expect(one.gateway6).to.equal(`${one.subnet6?.split('/')[0]}1`);
    const own = { EnableIPv6: true, IPAM: { Config: [{ Subnet: 'fd00:9::/64' }] } };
    const two = await create('two', own);
    expect(two).to.include({ subnet6: 'fd00:9::/64', gateway6: 'fd00:9::1' });
    expect(native.bridges.get(two.bridge)).to.include({
      address6: 'fd00:9::1/64',
      subnet6: 'fd00:9::/64',
    });
    expect(networkView(two).EnableIPv6).to.equal(true);
    expect(networkView(two).IPAM?.Config?.[1]).to.deep.equal({
      Subnet: 'fd00:9::/64',
      Gateway: 'fd00:9::1',
    });
    expect(await failure(create('three', own))).to.include({ code: 'NETWORK_SUBNET_OVERLAP' });
  });

  it('tell the bridge what their options ask for', async () => {
    const { bridge } = await create('quiet', {
      Options: {
        'com.docker.network.bridge.enable_icc': 'false',
        'com.docker.network.bridge.enable_ip_masquerade': '0',
        'com.docker.network.bridge.name': 'quiet0',
        'com.docker.network.driver.mtu': '1400',
      },
    });
    expect(bridge).to.equal('quiet0');
    expect(native.bridges.get('quiet0')).to.include({
      isolated: true,
      masquerade: false,
      mtu: 1400,
    });
  });

  it('say who keeps their packets back, and what to do', async () => {
    native.barriers = 'table inet filter, chain forward';
    await create('shop_default');
    expect(warnings).to.deep.equal([
      'network "shop_default": the firewall of this host keeps its packets back (table inet filter, chain forward). ' +
        'Accept them there: iifname "cor-*" accept; oifname "cor-*" accept',
    ]);
  });

  it('keep clear of what the host routes', async () => {
    hostTaken = [{ subnet: subnetAround(0x0a090000, 25), owner: 'a route of interface tun0' }];
    expect((await create('a')).subnet).to.equal('10.9.0.128/26');
    const error = await failure(create('b', { IPAM: { Config: [{ Subnet: '10.9.0.0/24' }] } }));
    expect(error.message).to.equal(
      'network "b": subnet 10.9.0.0/24 overlaps network "a" (10.9.0.128/26)',
    );
  });

  it('are found by name, id and start of the id', async () => {
    const network = await create('shop_default');
    for (const key of ['shop_default', network.id, network.id.slice(0, 12)]) {
      expect(findNetwork(roots, key).id, key).to.equal(network.id);
    }
    expect(() => findNetwork(roots, 'nope')).to.throw('network nope not found');
    expect(() => findNetwork(roots, '../x')).to.throw('network ../x not found');
  });

  it('have a name of their own', async () => {
    await create('shop_default');
    expect(await failure(create('shop_default'))).to.include({
      code: 'NETWORK_NAME_TAKEN',
      httpStatus: 409,
      message: 'network with name shop_default already exists',
    });
    expect(listNetworks(roots)).to.have.length(1);
    expect(readdirSync(join(roots.data, 'networks'))).to.have.length(1);
  });

  it('never overlap, also where many are created at once', async () => {
    const created = await Promise.all(['a', 'b', 'c', 'd'].map((name) => create(name)));
    expect(new Set(created.map(({ subnet }) => subnet)).size).to.equal(4);
    expect(await failure(create('e'))).to.include({ code: 'NETWORK_POOL_EXHAUSTED' });
  });

  it('leave nothing where the bridge cannot be made', async () => {
    native.failure = new Error('no bridges here');
    expect((await failure(create('shop_default'))).message).to.equal('no bridges here');
    expect(listNetworks(roots)).to.deep.equal([]);
    expect(readdirSync(join(roots.data, 'networks'))).to.deep.equal([]);
    native.failure = undefined;
    await create('shop_default');
  });

  it('come back after a reboot took their bridge', async () => {
    const network = await create('shop_default');
    native.bridges.clear();
    await ensureBridge(context, network);
    expect([...native.bridges.keys()]).to.deep.equal([network.bridge]);
  });

  it('are removed with everything, unless a container runs on them', async () => {
    const network = await create('shop_default');
    const active = [{ id: 'ab'.repeat(32), name: 'shop-web-1' }];
    expect(await failure(removeNetwork(context, network, active))).to.include({
      code: 'NETWORK_IN_USE',
      message: 'network shop_default has active endpoints: shop-web-1 (abababababab)',
    });
    mkdirSync(join(roots.run, 'networks', network.id, 'zone'), { recursive: true });
    await removeNetwork(context, network, []);
    expect(native.bridges.size).to.equal(0);
    expect(listNetworks(roots)).to.deep.equal([]);
    expect(existsSync(join(roots.data, 'networks', network.id))).to.equal(false);
    expect(existsSync(join(roots.run, 'networks', network.id))).to.equal(false);
  });

  it('sweep what a killed command left, and not what another one is about to publish', async () => {
    const { pid, start } = ownIdentity();
    const folder = (name: string, time: string) => {
      const path = join(roots.data, 'networks', name);
      mkdirSync(path, { recursive: true });
      utimesSync(path, new Date(time), new Date(time));
      return path;
    };
    const left = [
      folder(`.${pid}-${Number(start) + 1}-${'aa'.repeat(32)}`, '2026-11-23T11:59:59Z'),
      folder('ff'.repeat(32), '2026-11-23T11:00:00Z'),
    ];
    const fresh = [
      folder(`.${pid}-${start}-${'bb'.repeat(32)}`, '2026-11-23T11:00:00Z'),
      folder('ee'.repeat(32), '2026-11-23T11:59:30Z'),
    ];
    await create('shop_default');
    expect(left.filter((path) => existsSync(path))).to.deep.equal([]);
    expect(fresh.filter((path) => existsSync(path))).to.deep.equal(fresh);
  });

  it('read the IPAM of a compose file', async () => {
    const network = await create('back', {
      Internal: true,
      Labels: { a: 'b' },
      Options: { 'com.docker.network.driver.mtu': '1400' },
      IPAM: {
        Config: [
          {
            Subnet: '172.28.0.0/16',
            IPRange: '172.28.5.0/24',
            Gateway: '172.28.5.254',
            AuxiliaryAddresses: { printer: '172.28.1.5' },
          },
        ],
      },
    });
    expect(network).to.include({ internal: true, mtu: 1400, gateway: '172.28.5.254' });
    expect(networkView(network).IPAM?.Config).to.deep.equal([
      {
        Subnet: '172.28.0.0/16',
        IPRange: '172.28.5.0/24',
        Gateway: '172.28.5.254',
        AuxiliaryAddresses: { printer: '172.28.1.5' },
      },
    ]);
    expect(networkView(network)).to.deep.include({ Internal: true, Labels: { a: 'b' } });
  });

  for (const [what, options, code, text] of [
    ['driver', { Driver: 'overlay' }, 'NETWORK_OPTION_UNSUPPORTED', 'driver "overlay"'],
    ['no IPv4', { EnableIPv4: false }, 'NETWORK_OPTION_UNSUPPORTED', 'without IPv4'],
    ['host driver', { Driver: 'host' }, 'NETWORK_OPTION_UNSUPPORTED', 'driver "host"'],
    ['macvlan alone', { Driver: 'macvlan' }, 'NETWORK_OPTION_UNSUPPORTED', '"parent"'],
    [
      'macvlan mode',
      { Driver: 'macvlan', Options: { parent: 'lo', macvlan_mode: 'x' } },
      'NETWORK_OPTION_UNSUPPORTED',
      '"x"',
    ],
    [
      'parent',
      { Driver: 'ipvlan', Options: { parent: 'no-such-link' } },
      'NETWORK_PARENT_MISSING',
      '"no-such-link"',
    ],
    [
      'icc',
      { Options: { 'com.docker.network.bridge.enable_icc': 'maybe' } },
      'NETWORK_OPTION_UNSUPPORTED',
      '"maybe"',
    ],
    ['IPv6 subnet', ipam({ Subnet: 'fd00:9::/64' }), 'NETWORK_SUBNET_INVALID', 'of IPv6'],
    [
      'IPv6 host bits',
      { EnableIPv6: true, ...ipam({ Subnet: 'fd00:9::1/64' }) },
      'NETWORK_SUBNET_INVALID',
      'should be fd00:9::/64',
    ],
    [
      'IPv6 gateway',
      { EnableIPv6: true, ...ipam({ Subnet: 'fd00:9::/64', Gateway: 'fd00:8::1' }) },
      'NETWORK_SUBNET_INVALID',
      'fd00:8::1',
    ],
    ['driver option', { Options: { foo: '1' } }, 'NETWORK_OPTION_UNSUPPORTED', '"foo"'],
    [
      'MTU',
      { Options: { 'com.docker.network.driver.mtu': 'x' } },
      'NETWORK_OPTION_UNSUPPORTED',
      '"x"',
    ],
    [
      'host bits',
      ipam({ Subnet: '10.1.0.5/24' }),
      'NETWORK_SUBNET_INVALID',
      'should be 10.1.0.0/24',
    ],
    [
      'gateway',
      ipam({ Subnet: '10.1.0.0/24', Gateway: '10.2.0.1' }),
      'NETWORK_SUBNET_INVALID',
      '10.2.0.1',
    ],
    [
      'range',
      ipam({ Subnet: '10.1.0.0/24', IPRange: '10.1.1.0/28' }),
      'NETWORK_SUBNET_INVALID',
      'ip_range',
    ],
    ['gateway alone', ipam({ Gateway: '10.2.0.1' }), 'NETWORK_SUBNET_INVALID', 'need a subnet'],
    ['small subnet', ipam({ Subnet: '10.1.0.0/31' }), 'NETWORK_SUBNET_INVALID', 'too small'],
  ] as const) {
    it(`refuse by name: ${what}`, async () => {
      const error = await failure(create('bad', options));
      expect(error).to.include({ code });
      expect(error.message).to.include('network "bad"').and.include(text);
      expect(native.bridges.size).to.equal(0);
    });
  }

  for (const name of ['', 'a b', '-x', 'host', '../x']) {
    it(`refuse the name "${name}"`, async () => {
      expect(await failure(create(name))).to.include({ code: 'NETWORK_NAME_INVALID' });
    });
  }
});

function ipam(config: object): object {
  return { IPAM: { Config: [config] } };
}
