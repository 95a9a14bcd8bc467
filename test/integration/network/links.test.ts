import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NetLab } from '../../support/net-lab.ts';

describe('bridges, links and tables', () => {
  let lab: NetLab;

  beforeEach(function () {
    if (!NetLab.available()) this.skip();
    lab = new NetLab();
  });

  afterEach(() => lab?.end());

  it('makes a namespace with loopback up and leaves the caller where it was', () => {
    const folder = mkdtempSync(join(tmpdir(), 'coracle-netns-'));
    const file = join(folder, 'ns');
    try {
      lab.must('netns', file);
      const links = spawnSync('nsenter', [`--net=${file}`, 'ip', '-o', 'link']).stdout.toString();
      expect(links.trim().split('\n')).to.have.length(1);
      expect(links).to.match(/lo: <LOOPBACK,UP/);
      expect(lab.links()).to.deep.equal(['ext', 'lo']);
    } finally {
      spawnSync('umount', [file]);
      rmSync(folder, { recursive: true });
    }
    expect(existsSync(folder)).to.equal(false);
  });

  it('gives the container its address, MAC, MTU and route, and no IPv6 address', () => {
    lab.must('bridge-add', 'cor-links', '10.79.1.1/26', '1400');
    const inside = lab.container('cor-links', '10.79.1.5');
    const address = inside.run('ip', '-4', 'addr', 'show', 'eth0');
    expect(address).to.match(/mtu 1400/);
    expect(address).to.include('10.79.1.5/24');
    expect(inside.run('ip', 'route')).to.include('default via 10.79.1.1 dev eth0');
    expect(inside.run('ip', '-6', 'addr', 'show', 'eth0')).to.equal('');
    expect(lab.host.run('ip', '-6', 'addr', 'show', 'cor-links')).to.equal('');
  });

  it('replaces the host end that a killed shim left', () => {
    lab.must('bridge-add', 'cor-links', '10.79.1.1/24', '1500');
    lab.container('cor-links', '10.79.1.5');
    const second = lab.container('cor-links', '10.79.1.5');
    expect(second.run('ip', '-4', 'addr', 'show', 'eth0')).to.include('10.79.1.5/24');
    expect(lab.links()).to.deep.equal(['cor-links', 'cv107915', 'ext', 'lo']);
  });

  it('unplugs a link at once, and removes it for good', () => {
    lab.must('bridge-add', 'cor-links', '10.79.1.1/24', '1500');
    lab.container('cor-links', '10.79.1.5');
    for (let round = 0; round < 2; round++) lab.must('unplug', 'cv107915');
    expect(lab.host.run('ip', '-o', 'link', 'show', 'cv107915')).not.to.match(/master|,UP/);
    for (let round = 0; round < 2; round++) lab.must('detach', 'cv107915');
    lab.must('unplug', 'cv107915');
    expect(lab.links()).to.deep.equal(['cor-links', 'ext', 'lo']);
  });

  it('says which bridge is missing and leaves nothing', () => {
    const result = lab.tool(
      'attach',
      lab.outside.path,
      'cor-gone',
      'cvx',
      'eth1',
      '10.79.1.5/24',
      '-',
      '-',
      '0',
    );
    expect(result.error).to.include({ errnoName: 'ENODEV', path: 'cor-gone' });
    expect(lab.links()).to.deep.equal(['ext', 'lo']);
  });

  it('takes back the pair where the inside cannot be configured', () => {
    lab.must('bridge-add', 'cor-links', '10.79.1.1/24', '1500');
    const result = lab.tool(
      'attach',
      lab.outside.path,
      'cor-links',
      'cvx',
      'eth1',
      '10.79.1.5/24',
      '10.99.0.1',
      '-',
      '0',
    );
    expect(result.error).to.include({ op: 'set default route', path: '10.99.0.1' });
    expect(lab.links()).to.deep.equal(['cor-links', 'ext', 'lo']);
  });

  it('sets up twice what is there already, and takes down twice what is gone', () => {
    for (let round = 0; round < 2; round++) lab.network('cor-links', '10.79.1', 'internal');
    expect(lab.elements()).to.have.length(4);
    for (let round = 0; round < 2; round++) {
      lab.must('bridge-delete', 'cor-links');
      lab.must('bridge-rules', lab.table, 'cor-links', '10.79.1.0/24', 'internal', 'remove');
    }
    expect(lab.elements()).to.deep.equal([]);
    expect(lab.links()).to.deep.equal(['ext', 'lo']);
    for (let round = 0; round < 2; round++) lab.must('table-delete', lab.table);
    expect(lab.host.run('nft', 'list', 'tables')).to.equal('');
  });

  it('takes the table away with the last network, and with no other', () => {
    lab.network('cor-one', '10.79.1');
    lab.network('cor-two', '10.79.2', 'internal');
    lab.must('network-down', lab.table, 'cor-two', '10.79.2.0/24');
    expect(lab.elements()).to.have.length(3);
    for (let round = 0; round < 2; round++) {
      lab.must('network-down', lab.table, 'cor-one', '10.79.1.0/24');
    }
    expect(lab.host.run('nft', 'list', 'tables')).to.equal('');
    expect(lab.links()).to.deep.equal(['ext', 'lo']);
  });

  it('keeps apart the tables of two run folders', () => {
    lab.network('cor-one', '10.79.1');
    lab.must('table', 'coracle-other');
    lab.must('table-delete', 'coracle-other');
    expect(lab.elements()).to.have.length(3);
  });
});
