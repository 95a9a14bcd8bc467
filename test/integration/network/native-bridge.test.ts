import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { nftTable } from '../../../src/network/index.ts';
import { NetLab } from '../../support/net-lab.ts';

const script = fileURLToPath(new URL('../../support/network-script.ts', import.meta.url));

describe('networks through the native client', () => {
  let lab: NetLab;
  let folder: string;

  beforeEach(function () {
    if (!NetLab.available()) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'coracle-network-'));
    lab = new NetLab(nftTable(join(folder, 'run')));
  });

  afterEach(() => {
    lab?.end();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const network = (...args: string[]) =>
    lab.host.run(
      'env',
      `CORACLE_DATA=${join(folder, 'data')}`,
      `CORACLE_RUN=${join(folder, 'run')}`,
      'CORACLE_ADDRESS_POOLS=192.0.2.0/25:26,10.80.0.0/16',
      process.execPath,
      '--import',
      'tsx',
      script,
      ...args,
    );

  it('creates a bridge past what the host routes, repairs it, and leaves nothing', () => {
    const view = JSON.parse(network('create', 'shop_default')) as {
      Id: string;
      IPAM: { Config: { Subnet: string }[] };
    };
    // The first pool is the network that the lab's host has towards the outside.
    expect(view.IPAM.Config[0]?.Subnet).to.equal('10.80.0.0/26');
    const bridge = `cor-${view.Id.slice(0, 8)}`;
    expect(lab.host.run('ip', '-4', 'addr', 'show', bridge)).to.include('inet 10.80.0.1/26');
    expect(lab.elements()).to.have.length(3);
    const inside = lab.container(bridge, '10.80.0.2');
    expect(inside.run('ip', 'route')).to.include('default via 10.80.0.1');

    lab.must('bridge-delete', bridge);
    lab.must('table-delete', lab.table);
    network('ensure', 'shop_default');
    expect(lab.links()).to.include(bridge);
    expect(lab.elements()).to.have.length(3);

    network('remove', 'shop_default');
    expect(lab.host.run('nft', 'list', 'tables')).to.equal('');
    expect(lab.links()).not.to.include(bridge);
  });
});
