import { expect } from 'chai';
import { type Namespace, NetLab } from '../../support/net-lab.ts';

describe('options of bridge networks', () => {
  let lab: NetLab;
  const short = { timeoutMs: 700 };

  before(async function () {
    if (!NetLab.available()) this.skip();
    lab = new NetLab();
    await lab.serve(lab.outside, 'tcp', 7000, 'outside');
  });

  after(() => lab?.end());

  describe('enable_icc: false', () => {
    let web: Namespace;
    let neighbour: Namespace;

    before(async () => {
      lab.network('cor-quiet', '10.74.1', 'external+isolated', 'fd00:74:1');
      const isolated = (n: number) => [`fd00:74:1::${n}/64`, 'fd00:74:1::1', 'isolated'];
      web = lab.container('cor-quiet', '10.74.1.2', false, isolated(2));
      neighbour = lab.container('cor-quiet', '10.74.1.3', false, isolated(3));
      await lab.serve(web, 'tcp', 80, 'web', '::');
    });

    it('keeps neighbours from each other, over both families', () => {
      expect(lab.ask(neighbour, 'tcp', '10.74.1.2', 80, short).error).to.match(/TIMEOUT|UNREACH/);
      expect(lab.ask(neighbour, 'tcp', 'fd00:74:1::2', 80, short).error).to.match(
        /TIMEOUT|UNREACH/,
      );
    });

    it('keeps them apart by way of the gateway too', () => {
      neighbour.run('ip', 'route', 'add', '10.74.1.2/32', 'via', '10.74.1.1');
      neighbour.run('ip', '-6', 'route', 'add', 'fd00:74:1::2/128', 'via', 'fd00:74:1::1');
      expect(lab.ask(neighbour, 'tcp', '10.74.1.2', 80, short).error).to.equal('TIMEOUT');
      expect(lab.ask(neighbour, 'tcp', 'fd00:74:1::2', 80, short).error).to.equal('TIMEOUT');
    });

    it('lets the host in, containers out, and neighbours to what is published', async () => {
      expect(lab.ask(lab.host, 'tcp', '10.74.1.2', 80).name).to.equal('web');
      expect(lab.ask(web, 'tcp', '192.0.2.2', 7000).name).to.equal('outside');
      // br_netfilter turns frames while they are in the bridge, where isolated ports do not meet.
      noBridgeFilter(lab);
      const published = await lab.publish('tcp,0.0.0.0,8090,10.74.1.2,80');
      expect(lab.ask(neighbour, 'tcp', '192.0.2.1', 8090).name).to.equal('web');
      await published.close();
    });
  });

  describe('enable_ip_masquerade: false', () => {
    it('shows the container’s own address outside, and still turns what comes back to itself', async () => {
      lab.network('cor-plain', '10.74.2', 'external+plain');
      const web = lab.container('cor-plain', '10.74.2.2');
      const neighbour = lab.container('cor-plain', '10.74.2.3');
      await lab.serve(web, 'tcp', 80, 'web');
      expect(lab.ask(web, 'tcp', '192.0.2.2', 7000, short).error).to.equal('TIMEOUT');
      lab.outside.run('ip', 'route', 'add', '10.74.2.0/24', 'via', '192.0.2.1');
      expect(lab.ask(web, 'tcp', '192.0.2.2', 7000).from).to.equal('10.74.2.2');
      const published = await lab.publish('tcp,0.0.0.0,8091,10.74.2.2,80');
      for (const from of [web, neighbour]) {
        expect(lab.ask(from, 'tcp', '192.0.2.1', 8091).name).to.equal('web');
      }
      await published.close();
    });
  });
});

/** Switches br_netfilter off in the lab's host, where the kernel has it. */
function noBridgeFilter(lab: NetLab): void {
  lab.host.run(
    'sh',
    '-c',
    'for f in /proc/sys/net/bridge/bridge-nf-call-ip*tables; do [ ! -e $f ] || echo 0 >$f; done',
  );
}
