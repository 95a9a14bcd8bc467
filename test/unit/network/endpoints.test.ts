import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  forgetAddress,
  heldAddresses,
  hostLinkName,
  type NetworkRecord,
  releaseEndpoint,
  reserveEndpoint,
} from '../../../src/network/index.ts';
import type { StateRoots } from '../../../src/state/index.ts';

const network: NetworkRecord = {
  version: 1,
  id: 'a1'.repeat(32),
  name: 'shop_default',
  created: '2026-11-23T12:00:00Z',
  driver: 'bridge',
  bridge: 'cor-a1a1a1a1',
  mtu: 1500,
  subnet: '10.9.0.0/29',
  gateway: '10.9.0.1',
  subnet6: null,
  gateway6: null,
  ipRange: null,
  auxAddresses: { printer: '10.9.0.3' },
  isSubnetGiven: true,
  internal: false,
  attachable: false,
  labels: {},
  options: {},
};

describe('endpoints', () => {
  let roots: StateRoots;
  let gone: Set<string>;

  beforeEach(() => {
    const base = mkdtempSync(join(tmpdir(), 'coracle-endpoints-'));
    roots = { data: join(base, 'data'), run: join(base, 'run') };
    gone = new Set();
  });
  afterEach(() => rmSync(join(roots.data, '..'), { recursive: true }));

  const reserve = (containerId: string, options: object = {}, on: NetworkRecord = network) =>
    reserveEndpoint(roots, on, { containerId, isGone: (id) => gone.has(id), ...options });

  it('carry all that a link needs', () => {
    expect(reserve('c1')).to.deep.equal({
      networkId: network.id,
      networkName: 'shop_default',
      bridge: 'cor-a1a1a1a1',
      address: '10.9.0.2',
      prefixLength: 29,
      gateway: '10.9.0.1',
      address6: null,
      prefixLength6: null,
      gateway6: null,
      mac: '02:42:0a:09:00:02',
      mtu: 1500,
    });
    expect(reserve('c2', {}, { ...network, internal: true }).gateway).to.equal(null);
  });

  it('have an IPv6 address at the place of the IPv4 one, or the one that is asked for', () => {
    const both = { ...network, subnet6: 'fd00:9::/64', gateway6: 'fd00:9::1' };
    expect(reserve('c1', {}, both)).to.include({
      address: '10.9.0.2',
      address6: 'fd00:9::2',
      prefixLength6: 64,
      gateway6: 'fd00:9::1',
    });
    // The place of 10.9.0.4 is taken by another's own choice.
    expect(reserve('c2', { address6: 'FD00:9:0::4', address: '10.9.0.6' }, both).address6).to.equal(
      'fd00:9::4',
    );
    expect(reserve('c3', {}, both)).to.include({ address: '10.9.0.4', address6: 'fd00:9::5' });
    expect(() => reserve('c4', { address6: 'fd00:9::4' }, both))
      .to.throw('held by container c2')
      .that.includes({ code: 'NETWORK_ADDRESS_TAKEN' });
    // What was reserved before the failure is free again.
    expect(reserve('c4', {}, both).address).to.equal('10.9.0.5');
    const back = { networkId: network.id, address: '10.9.0.5', address6: 'fd00:9::6' };
    releaseEndpoint(roots, back, 'c4');
    for (const [address6, why] of [
      ['fd00:8::2', 'not in'],
      ['fd00:9::1', 'reserved'],
      ['10.9.0.2', 'no IPv6 address'],
    ] as const) {
      expect(() => reserve('c4', { address6 }, both), address6).to.throw(why);
    }
    expect(() => reserve('c4', { address6: 'fd00:9::7' })).to.throw('enable_ipv6');
  });

  it('pass over network, gateway, reserved and broadcast addresses', () => {
    const addresses = ['c1', 'c2', 'c3', 'c4'].map((id) => reserve(id).address);
    expect(addresses).to.deep.equal(['10.9.0.2', '10.9.0.4', '10.9.0.5', '10.9.0.6']);
    expect(() => reserve('c5'))
      .to.throw('all addresses of 10.9.0.0/29 are held by containers')
      .that.includes({ code: 'NETWORK_ADDRESSES_EXHAUSTED' });
  });

  it('stay within ip_range, except where an address is asked for', () => {
    const narrow = { ...network, ipRange: '10.9.0.4/30' };
    expect(reserve('c1', {}, narrow).address).to.equal('10.9.0.4');
    expect(reserve('c2', { address: '10.9.0.2' }, narrow).address).to.equal('10.9.0.2');
  });

  it('give the address that is asked for, once', () => {
    expect(reserve('c1', { address: '10.9.0.5' }).address).to.equal('10.9.0.5');
    expect(() => reserve('c2', { address: '10.9.0.5' }))
      .to.throw('network "shop_default": address 10.9.0.5 is held by container c1')
      .that.includes({ code: 'NETWORK_ADDRESS_TAKEN' });
    expect(reserve('c1', { address: '10.9.0.5' }).address).to.equal('10.9.0.5');
  });

  for (const [address, why] of [
    ['10.9.0.9', 'is not in 10.9.0.0/29'],
    ['10.9.0.1', 'is the gateway'],
    ['10.9.0.3', 'is reserved for "printer"'],
    ['10.9.0.0', 'is the address of the network itself'],
    ['10.9.0.7', 'is the broadcast address'],
    ['ten', 'is no IPv4 address'],
  ]) {
    it(`refuse ${address}, which ${why}`, () => {
      expect(() => reserve('c1', { address }))
        .to.throw(`address ${address} ${why}`)
        .that.includes({ code: 'NETWORK_ADDRESS_INVALID' });
    });
  }

  it('can be given back by their holder alone', () => {
    const endpoint = reserve('c1');
    releaseEndpoint(roots, endpoint, 'c2');
    expect(heldAddresses(roots, network.id)).to.deep.equal([
      { address: '10.9.0.2', containerId: 'c1' },
    ]);
    releaseEndpoint(roots, endpoint, 'c1');
    releaseEndpoint(roots, endpoint, 'c1');
    expect(heldAddresses(roots, network.id)).to.deep.equal([]);
  });

  it('are taken over from containers that no longer exist', () => {
    for (const id of ['c1', 'c2', 'c3', 'c4']) reserve(id);
    gone.add('c2');
    expect(reserve('c5').address).to.equal('10.9.0.4');
    gone.add('c1');
    expect(reserve('c6', { address: '10.9.0.2' }).address).to.equal('10.9.0.2');
  });

  it('come back to the same replica after a recreate, also when another one was first', () => {
    const web = reserve('c1', { rememberAs: 'shop-web-1' });
    const database = reserve('c2', { rememberAs: 'shop-db-1' });
    releaseEndpoint(roots, web, 'c1');
    releaseEndpoint(roots, database, 'c2');
    expect(reserve('c3', { rememberAs: 'shop-new-1' }).address).to.equal('10.9.0.5');
    expect(reserve('c4', { rememberAs: 'shop-db-1' }).address).to.equal(database.address);
    expect(reserve('c5', { rememberAs: 'shop-web-1' }).address).to.equal(web.address);
  });

  it('are not kept back for replicas that are away, when there are no others', () => {
    const web = reserve('c1', { rememberAs: 'shop-web-1' });
    releaseEndpoint(roots, web, 'c1');
    for (const id of ['c2', 'c3', 'c4']) reserve(id);
    expect(reserve('c5').address).to.equal(web.address);
    expect(() => reserve('c6', { rememberAs: 'shop-web-1' })).to.throw('are held by containers');
  });

  it('count from the start again once the replica is forgotten', () => {
    const web = reserve('c1', { rememberAs: 'shop-web-1' });
    releaseEndpoint(roots, web, 'c1');
    forgetAddress(roots, network.id, 'shop-web-1');
    forgetAddress(roots, network.id, 'shop-web-1');
    expect(reserve('c2', { rememberAs: 'shop-db-1' }).address).to.equal('10.9.0.2');
  });

  it('never give one address to two containers, whatever happens in between', () => {
    const step = fc.record({
      container: fc.constantFrom('c1', 'c2', 'c3', 'c4', 'c5', 'c6'),
      act: fc.constantFrom('reserve', 'release'),
      replica: fc.option(fc.constantFrom('web-1', 'db-1'), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        rmSync(roots.data, { recursive: true, force: true });
        const held = new Map<string, ReturnType<typeof reserve>>();
        for (const { container, act, replica } of steps) {
          const endpoint = held.get(container);
          if (act === 'release' && endpoint !== undefined) {
            releaseEndpoint(roots, endpoint, container);
            held.delete(container);
          } else if (act === 'reserve' && endpoint === undefined) {
            if (held.size === 4) {
              expect(() => reserve(container)).to.throw('are held by containers');
            } else {
              held.set(
                container,
                reserve(container, replica === undefined ? {} : { rememberAs: replica }),
              );
            }
          }
          expect(new Set([...held.values()].map(({ address }) => address)).size).to.equal(
            held.size,
          );
        }
      }),
      { numRuns: 40 },
    );
  });

  it('have host links with names that fit into 15 bytes', () => {
    expect(hostLinkName('1a2b3c4d5e6f'.padEnd(64, '0'), 0)).to.equal('cv1a2b3c4d0');
    expect(hostLinkName('f'.repeat(64), 9999).length).to.be.at.most(15);
  });
});
