import { expect } from 'chai';
import { conflicts } from '../../../../src/compose/support/index.ts';
import { loadFrom } from '../../../support/compose-files.ts';

/** Conflicts of a file as `code line:column message (line:column of the other)`. */
function conflictsOf(text: string): string[] {
  const { project, origins, diagnostics } = loadFrom({ 'compose.yaml': text });
  if (project === undefined) {
    throw new Error(diagnostics.map(({ message }) => message).join('; '));
  }
  const at = (place: { start: { line: number; column: number } } | undefined) =>
    place === undefined ? '-' : `${place.start.line}:${place.start.column}`;
  return conflicts(project, origins).map(({ code, message, range, related }) => {
    const other = related === undefined ? '' : ` (${at(related[0]?.range)})`;
    return `${code} ${at(range)} ${message}${other}`;
  });
}

/** Two services that publish one port each. */
function twoPorts(a: string, b: string): string {
  return `services:\n  a: {image: x, ports: ["${a}"]}\n  b: {image: x, ports: ["${b}"]}\n`;
}

const network = (pool: string, rest = '') =>
  `services: {a: {image: x, networks: [n, m]}}\nnetworks:\n  m: {${rest}}\n  n: {ipam: {config: [${pool}]}}\n`;

describe('conflicts', () => {
  for (const [a, b] of [
    ['80:80', '80:81'],
    ['127.0.0.1:80:80', '80:80'],
    ['127.0.0.1:80:80', '0.0.0.0:80:80'],
    ['[::1]:80:80', '[::]:80:80'],
    ['8000-8002:80-82', '8002:80'],
  ] as const) {
    it(`finds that ${a} and ${b} are the same port`, () => {
      const found = conflictsOf(twoPorts(a, b));
      expect(found).to.have.length(1);
      expect(found[0]).to.match(/^COMPOSE_PORT_CONFLICT 3:25 services\.b\.ports\.0: .*\(2:25\)$/);
    });
  }

  for (const [a, b] of [
    ['80:80', '80:80/udp'],
    ['127.0.0.1:80:80', '127.0.0.2:80:80'],
    ['0.0.0.0:80:80', '[::1]:80:80'],
    ['80', '80'],
    ['8000-8002:80', '8001:80'],
  ] as const) {
    it(`lets ${a} and ${b} stand beside each other`, () => {
      expect(conflictsOf(twoPorts(a, b))).to.deep.equal([]);
    });
  }

  it('finds one service that publishes a port for two targets', () => {
    expect(
      conflictsOf('services:\n  a:\n    image: x\n    ports:\n      - 80:80\n      - 80:81\n'),
    ).to.deep.equal([
      'COMPOSE_PORT_CONFLICT 6:9 services.a.ports.1: port 80/tcp is already published by services.a.ports.0 (5:9)',
    ]);
  });

  it('finds replicas that would share a port, and lets a range serve as many as it has', () => {
    const file = (ports: string) =>
      `services: {a: {image: x, deploy: {replicas: 3}, ports: ["${ports}"]}}\n`;
    expect(conflictsOf(file('80:80'))).to.deep.equal([
      'COMPOSE_PORT_CONFLICT 1:57 services.a.ports.0 publishes 1 host port for 3 replicas',
    ]);
    expect(conflictsOf(file('80-82:80'))).to.deep.equal([]);
    expect(conflictsOf(file('80'))).to.deep.equal([]);
  });

  it('leaves services out that publish nothing', () => {
    const rest = ', ports: ["80:80"]}';
    expect(
      conflictsOf(
        `services:\n  a: {image: x${rest}\n  b: {image: x, scale: 0${rest}\n  c: {image: x, network_mode: host${rest}\n`,
      ),
    ).to.deep.equal([]);
  });

  it('finds pools that are wrong', () => {
    expect(conflictsOf(network('{subnet: 10.5.0.0}'))).to.deep.equal([
      'COMPOSE_SUBNET_INVALID 4:32 networks.n.ipam.config.0.subnet: "10.5.0.0" is no subnet such as 10.5.0.0/16',
    ]);
    expect(conflictsOf(network('{subnet: 10.5.0.0/33}'))[0]).to.include('is no subnet');
    expect(conflictsOf(network('{subnet: 10.5.0.0/16, gateway: 10.6.0.1}'))).to.deep.equal([
      'COMPOSE_SUBNET_INVALID 4:54 networks.n.ipam.config.0.gateway: 10.6.0.1 is not inside the subnet 10.5.0.0/16 (4:32)',
    ]);
    expect(conflictsOf(network('{subnet: 10.5.0.0/16, ip_range: 10.6.0.0/24}'))).to.have.length(1);
    expect(conflictsOf(network('{subnet: "fd00::/64", gateway: "fd01::1"}'))).to.have.length(1);
    expect(conflictsOf(network('{subnet: "fd00::/64", gateway: "fd00::1"}'))).to.deep.equal([]);
  });

  it('finds networks that overlap', () => {
    const other = 'ipam: {config: [{subnet: 10.0.0.0/8}]}';
    expect(conflictsOf(network('{subnet: 10.5.0.0/16}', other))).to.deep.equal([
      'COMPOSE_SUBNET_CONFLICT 4:32 networks.n: subnet 10.5.0.0/16 overlaps 10.0.0.0/8 of network "m" (3:32)',
    ]);
    expect(conflictsOf(network('{subnet: 11.5.0.0/16}', other))).to.deep.equal([]);
  });

  it('finds fixed addresses outside of their network, and ones given twice', () => {
    const file = (a: string, b: string) =>
      `services:\n  a: {image: x, networks: {n: {ipv4_address: ${a}}}}\n  b: {image: x, networks: {n: {ipv4_address: ${b}}}}\nnetworks: {n: {ipam: {config: [{subnet: 10.5.0.0/16}]}}}\n`;
    expect(conflictsOf(file('10.5.0.9', '10.6.0.9'))).to.deep.equal([
      'COMPOSE_SUBNET_INVALID 3:46 services.b.networks.n.ipv4_address: 10.6.0.9 is in no subnet of network "n" (4:41)',
    ]);
    expect(conflictsOf(file('10.5.0.9', '10.5.0.9'))[0]).to.match(
      /^COMPOSE_SUBNET_CONFLICT 3:46 .* is already the address of services\.a/,
    );
    expect(conflictsOf(file('10.5.0.9', '10.5.0.8'))).to.deep.equal([]);
  });
});
