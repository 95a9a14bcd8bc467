import { expect } from 'chai';
import fc from 'fast-check';
import { checkOverlap, chooseSubnet, parseAddressPools } from '../../../src/network/index.ts';
import {
  formatIpv4,
  includes,
  macAddress,
  overlaps,
  parseCidr,
  parseIpv4,
  type Subnet,
  subnetAround,
} from '../../../src/network/ipv4.ts';

const anyAddress = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anySubnet = fc
  .tuple(anyAddress, fc.integer({ min: 8, max: 30 }))
  .map(([address, prefix]) => subnetAround(address, prefix));
const subnet = (text: string): Subnet => {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(text);
  return parsed.subnet;
};

describe('IPv4 addresses', () => {
  it('survive writing and reading', () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        expect(parseIpv4(formatIpv4(address))).to.equal(address);
      }),
    );
  });

  it('overlap exactly where they share an address', () => {
    fc.assert(
      fc.property(anySubnet, anySubnet, (a, b) => {
        expect(overlaps(a, b)).to.equal(includes(a, b) || includes(b, a));
      }),
    );
  });

  for (const text of ['', '1.2.3', '1.2.3.4.5', '01.2.3.4', '256.1.1.1', '1.2.3.4 ', '::1']) {
    it(`"${text}" is none`, () => expect(parseIpv4(text)).to.equal(undefined));
  }

  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/24/1']) {
    it(`"${text}" is no subnet`, () => expect(parseCidr(text)).to.equal(undefined));
  }

  it('make the MAC address, one for one', () => {
    expect(macAddress(subnet('10.200.0.2/32').base)).to.equal('02:42:0a:c8:00:02');
  });
});

describe('address pools', () => {
  it('are 8192 networks of 64 addresses by default', () => {
    expect(parseAddressPools(undefined)).to.deep.equal([
      { range: subnet('10.200.0.0/13'), size: 26 },
    ]);
    expect(parseAddressPools('')).to.deep.equal(parseAddressPools(undefined));
  });

  it('can be several, with sizes of their own', () => {
    expect(parseAddressPools('10.9.0.0/16:24, 172.31.0.0/20')).to.deep.equal([
      { range: subnet('10.9.0.0/16'), size: 24 },
      { range: subnet('172.31.0.0/20'), size: 26 },
    ]);
  });

  for (const text of [
    '10.0.0.0',
    '10.0.0.1/8',
    '10.0.0.0/16:8',
    '10.0.0.0/16:30',
    'x',
    '10.0.0.0/8:24:1',
  ]) {
    it(`"${text}" is refused by name`, () => {
      expect(() => parseAddressPools(text))
        .to.throw()
        .that.includes({ code: 'NETWORK_POOL_INVALID' })
        .and.has.property('message')
        .that.includes(text);
    });
  }

  it('give subnets of their own size that overlap nothing, until there is none left', () => {
    const ranges = fc.array(
      fc.tuple(
        anySubnet.map(({ base }) => subnetAround(base, 20)),
        fc.integer({ min: 20, max: 26 }),
      ),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(ranges, fc.array(anySubnet, { maxLength: 6 }), (pieces, foreign) => {
        const pools = pieces.map(([range, size]) => ({ range, size }));
        const taken = foreign.map((entry) => ({ subnet: entry, owner: 'somebody' }));
        for (let i = 0; i < 70; i += 1) {
          let chosen: Subnet;
          try {
            chosen = chooseSubnet(pools, taken);
          } catch (error) {
            expect(error).to.include({ code: 'NETWORK_POOL_EXHAUSTED' });
            expect(freePieces(pools, taken)).to.equal(0);
            return;
          }
          expect(taken.some((entry) => overlaps(entry.subnet, chosen))).to.equal(false);
          expect(pools.some((p) => p.size === chosen.prefix && includes(p.range, chosen))).to.equal(
            true,
          );
          taken.push({ subnet: chosen, owner: 'us' });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('name what stands in the way where nothing is left', () => {
    const pools = parseAddressPools('10.9.0.0/24:26');
    const taken = [{ subnet: subnet('10.0.0.0/8'), owner: 'a route of interface tun0' }];
    expect(() => chooseSubnet(pools, taken)).to.throw(
      'no free subnet is left in 10.9.0.0/24; in use by a route of interface tun0 (10.0.0.0/8)',
    );
  });
});

describe('a subnet of the user’s own', () => {
  it('may not overlap, and the error says whom', () => {
    const taken = [{ subnet: subnet('10.9.0.0/16'), owner: 'network "shop_front"' }];
    expect(() => checkOverlap('back', subnet('10.9.7.0/24'), taken))
      .to.throw('network "back": subnet 10.9.7.0/24 overlaps network "shop_front" (10.9.0.0/16)')
      .that.includes({ code: 'NETWORK_SUBNET_OVERLAP', httpStatus: 403 });
    expect(() => checkOverlap('back', subnet('10.10.0.0/24'), taken)).not.to.throw();
  });
});

/** Counts by brute force what chooseSubnet may still give. */
function freePieces(
  pools: readonly { range: Subnet; size: number }[],
  taken: readonly { subnet: Subnet }[],
): number {
  let free = 0;
  for (const { range, size } of pools) {
    for (let i = 0; i < 2 ** (size - range.prefix); i += 1) {
      const piece = { base: range.base + i * 2 ** (32 - size), prefix: size };
      if (!taken.some((entry) => overlaps(entry.subnet, piece))) free += 1;
    }
  }
  return free;
}
