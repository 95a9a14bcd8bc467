/** What other firewalls of the host refuse, and how containers get past it. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { type Namespace, NetLab } from '../../support/net-lab.ts';

describe('networks beside other firewalls', () => {
  let lab: NetLab;
  let web: Namespace;
  let stranger: Namespace;

  beforeEach(async function () {
    if (!NetLab.available()) this.skip();
    lab = new NetLab();
    start();
    web = lab.container('cor-front', '10.77.1.2');
    stranger = lab.container('cor-other', '10.77.2.2');
    await lab.serve(web, 'tcp', 80, 'web');
    await lab.serve(lab.outside, 'tcp', 7000, 'outside');
  });

  afterEach(() => lab?.end());

  /** As every `up` does. */
  function start(): void {
    lab.network('cor-front', '10.77.1');
    lab.network('cor-other', '10.77.2');
  }

  const iptables = (...args: string[]) => lab.host.run('iptables', ...args);
  const rules = (program: string) => lab.host.run(program, '-S', 'FORWARD').trim().split('\n');
  const leaves = () => lab.ask(web, 'tcp', '192.0.2.2', 7000, { timeoutMs: 700 });

  /** In and out, and not between networks. */
  async function expectTraffic(): Promise<void> {
    expect(leaves().name).to.equal('outside');
    const published = await lab.publish('tcp,0.0.0.0,8085,10.77.1.2,80');
    expect(lab.ask(lab.outside, 'tcp', '192.0.2.1', 8085).name).to.equal('web');
    await published.close();
    expect(lab.ask(stranger, 'tcp', '10.77.1.2', 80, { timeoutMs: 700 }).error).to.equal('TIMEOUT');
  }

  function expectNoRuleLeft(program: string): void {
    lab.must('network-down', lab.table, 'cor-front', '10.77.1.0/24');
    expect(rules(program).join()).to.include('cor-');
    lab.must('network-down', lab.table, 'cor-other', '10.77.2.0/24');
    expect(rules(program).join()).not.to.include('cor-');
  }

  it('add nothing where nothing refuses', () => {
    iptables('-A', 'FORWARD', '-s', '203.0.113.0/24', '-j', 'DROP');
    start();
    expect(rules('iptables').join()).not.to.include('cor-');
  });

  it('pass the policy DROP that Docker and ufw set, IPv6 included, behind what the user denies', async () => {
    iptables('-P', 'FORWARD', 'DROP');
    iptables('-A', 'FORWARD', '-d', '192.0.2.3', '-j', 'DROP');
    lab.host.run('ip6tables', '-P', 'FORWARD', 'DROP');
    expect(leaves().error).to.equal('TIMEOUT');
    for (let round = 0; round < 2; round += 1) start();
    await expectTraffic();
    for (const [program, ours] of [
      ['iptables', 2],
      ['ip6tables', 1],
    ] as const) {
      const list = rules(program);
      expect(list).to.have.length(ours + 2);
      expect(list.slice(ours).join()).to.match(/-i cor-\+.*-j ACCEPT,-A FORWARD -o cor-\+/);
    }
    expectNoRuleLeft('iptables');
    expect(rules('ip6tables')).to.deep.equal(['-P FORWARD DROP']);
  });

  it('stand before a rule that refuses all, and before those of ufw', async () => {
    for (const chain of ['ufw-before-forward', 'ufw-after-logging-forward', 'ufw-reject-forward']) {
      iptables('-N', chain);
      iptables('-A', 'FORWARD', '-j', chain);
    }
    iptables('-A', 'ufw-reject-forward', '-j', 'REJECT');
    iptables('-A', 'FORWARD', '-j', 'REJECT', '--reject-with', 'icmp-host-prohibited');
    expect(leaves().error).to.match(/UNREACH|REFUSED/);
    start();
    await expectTraffic();
    expect(rules('iptables').map((rule) => rule.split(' ').at(-1))).to.deep.equal([
      ...['ACCEPT', 'ufw-before-forward', 'ACCEPT', 'ACCEPT'],
      ...['ufw-after-logging-forward', 'ufw-reject-forward', 'icmp-host-prohibited'],
    ]);
    expectNoRuleLeft('iptables');
  });

  it('pass the policy DROP of iptables-legacy', async function () {
    const tried = spawnSync('nsenter', [
      ...[`--net=${lab.host.path}`, 'iptables-legacy', '-P', 'FORWARD', 'DROP'],
    ]);
    if (tried.status !== 0) {
      console.log('      skipped: this kernel, or this machine, has no iptables-legacy');
      this.skip();
    }
    expect(leaves().error).to.equal('TIMEOUT');
    for (let round = 0; round < 2; round += 1) start();
    await expectTraffic();
    expect(rules('iptables-legacy')).to.have.length(3);
    expectNoRuleLeft('iptables-legacy');
  });
});
