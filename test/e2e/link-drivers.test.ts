/** Networks of drivers macvlan and ipvlan: containers on the wire of an interface of the host. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { Namespace } from '../support/net-lab.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';

const PARENT = 'wire0';

describe('a network on the wire of an interface', function () {
  this.timeout(60_000);
  let neighbour: Namespace;
  let scenario: Scenario;

  before(ensureToolsImage);

  beforeEach(() => {
    neighbour = new Namespace();
    ip('link', 'add', PARENT, 'type', 'veth', 'peer', 'name', 'eth0');
    ip('link', 'set', 'eth0', 'netns', neighbour.path.split('/')[2] ?? '');
    ip('link', 'set', PARENT, 'up');
    neighbour.run('ip', 'addr', 'add', '10.55.0.1/24', 'dev', 'eth0');
    neighbour.run('ip', 'link', 'set', 'eth0', 'up');
  });

  afterEach(async function () {
    try {
      await scenario.close(this.currentTest);
    } finally {
      ip('link', 'del', PARENT);
      neighbour.end();
    }
  });

  const open = (driver: string) => {
    const service = (address: number) =>
      `{image: "${TOOLS_IMAGE}", init: true, stop_grace_period: 0s, networks: {wire: {ipv4_address: 10.55.0.${address}}}}`;
    scenario = Scenario.open('wire', {
      'compose.yaml': `services:
  one: ${service(10)}
  two: ${service(11)}
networks:
  wire: {driver: ${driver}, driver_opts: {parent: ${PARENT}}, ipam: {config: [{subnet: 10.55.0.0/24}]}}
`,
    });
  };

  async function expectOnTheWire(): Promise<void> {
    const inside = async (...args: string[]) =>
      (await scenario.mustCompose('exec', '-T', 'one', ...args)).stdout.trim();
    expect(await inside('dig', '+short', 'two')).to.equal('10.55.0.11');
    await inside('ping', '-c', '1', '-W', '2', '10.55.0.11');
    await inside('ping', '-c', '1', '-W', '2', '10.55.0.1');
    neighbour.run('busybox', 'ping', '-c', '1', '-W', '2', '10.55.0.10');
  }

  it('has its containers there with macvlan, for each other and for others on it', async () => {
    open('macvlan');
    await scenario.mustCompose('up', '-d');
    await expectOnTheWire();
  });

  it('has its containers there with ipvlan, or says what the kernel lacks', async () => {
    open('ipvlan');
    const { code, stderr } = await scenario.compose(['up', '-d']);
    if (code === 0) return expectOnTheWire();
    expect(stderr).to.match(
      /create ipvlan: .*\(EOPNOTSUPP\)\n {2}hint: load it: `modprobe ipvlan`/,
    );
  });
});

function ip(...args: string[]): void {
  execFileSync('ip', args);
}
