import { isIPv6 } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  contains6,
  formatIpv6,
  overlaps6,
  parseCidr6,
  parseIpv6,
  uniqueLocalSubnet,
} from '../../../src/network/ipv6.ts';

describe('IPv6 addresses', () => {
  it('are read in every spelling and written in one', () => {
    for (const [text, canonical] of [
      ['::', '::'],
      ['::1', '::1'],
      ['FD00:0:0:0:0:0:0:2', 'fd00::2'],
      ['fd00:1:0:0:2::', 'fd00:1:0:0:2::'],
      ['::ffff:10.0.0.1', '::ffff:a00:1'],
      ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ] as const) {
      const address = parseIpv6(text);
      expect(address === undefined ? undefined : formatIpv6(address), text).to.equal(canonical);
    }
    for (const text of ['', 'fd00', '1::2::3', '10.0.0.1', 'fe80::1%eth0', 'g::']) {
      expect(parseIpv6(text), text).to.equal(undefined);
    }
  });

  it('survive being written and read, whatever they are', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (address) => {
        const text = formatIpv6(address);
        return isIPv6(text) && parseIpv6(text) === address;
      }),
    );
  });

  it('form subnets', () => {
    const { subnet, address } = parseCidr6('fd00:9::5/64') ?? { subnet: undefined };
    if (subnet === undefined) throw new Error('it is one');
    expect(address).not.to.equal(subnet.base);
    expect(contains6(subnet, address ?? 0n)).to.equal(true);
    expect(contains6(subnet, (address ?? 0n) + (1n << 64n))).to.equal(false);
    const inner = parseCidr6('fd00:9:0:0:8000::/66')?.subnet;
    expect(inner !== undefined && overlaps6(inner, subnet)).to.equal(true);
    for (const text of ['fd00::/129', 'fd00::', '10.0.0.0/8', 'fd00::/6/4']) {
      expect(parseCidr6(text), text).to.equal(undefined);
    }
    expect(formatIpv6(uniqueLocalSubnet('0123456789abcdef').base)).to.equal(
      'fd01:2345:6789:abcd::',
    );
  });
});
