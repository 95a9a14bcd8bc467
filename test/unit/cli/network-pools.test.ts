import { expect } from 'chai';
import { poolConfigs } from '../../../src/cli/coracle/network/ipam-pools.ts';

describe('the pools of `network create`', () => {
  const none = { gateways: [], ranges: [], aux: {} };

  it('gives each address to the subnet that contains it', () => {
    const pools = poolConfigs({
      subnets: ['10.9.0.0/24', 'fd00:9::/64'],
      gateways: ['fd00:9::5', '10.9.0.5'],
      ranges: ['10.9.0.128/25'],
      aux: { printer: '10.9.0.9' },
    });
    expect(pools).to.deep.equal([
      {
        Subnet: '10.9.0.0/24',
        Gateway: '10.9.0.5',
        IPRange: '10.9.0.128/25',
        AuxiliaryAddresses: { printer: '10.9.0.9' },
      },
      { Subnet: 'fd00:9::/64', Gateway: 'fd00:9::5', AuxiliaryAddresses: {} },
    ]);
  });

  it('refuses an address that belongs to none of them', () => {
    expect(() =>
      poolConfigs({ ...none, subnets: ['10.9.0.0/24'], gateways: ['10.8.0.1'] }),
    ).to.throw('no matching subnet for gateway 10.8.0.1');
  });

  it('leaves a subnet that is none to the engine', () => {
    expect(poolConfigs({ ...none, subnets: ['10.9.0.0/99', 'nonsense'] })).to.have.lengthOf(2);
  });
});
