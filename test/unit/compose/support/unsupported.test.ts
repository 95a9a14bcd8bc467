import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { supportPage } from '../../../../scripts/docs-compose.ts';
import { unsupported } from '../../../../src/compose/support/index.ts';
import { loadFrom } from '../../../support/compose-files.ts';

function found(text: string): string[] {
  const { project, origins } = loadFrom({ 'compose.yaml': text });
  if (project === undefined) {
    throw new Error('does not load');
  }
  return unsupported(project, origins).map(
    ({ severity, range, message }) =>
      `${severity} ${range?.start.line}:${range?.start.column} ${message}`,
  );
}

describe('unsupported', () => {
  it('finds nothing in an ordinary project', () => {
    expect(
      found(
        'services: {a: {image: x, ports: ["80:80"], volumes: ["data:/d"], deploy: {replicas: 2}}}\nvolumes: {data: }\n',
      ),
    ).to.deep.equal([]);
  });

  it('refuses drivers that are not there, at their place', () => {
    expect(
      found(
        'services: {a: {image: x, networks: [n], volumes: ["data:/d"]}}\nnetworks: {n: {driver: overlay}}\nvolumes: {data: {driver: nfs}}\n',
      ),
    ).to.deep.equal([
      'error 2:24 networks.n.driver cannot be run: the drivers are bridge, macvlan and ipvlan; `network_mode` takes host and none',
      'error 3:26 volumes.data.driver cannot be run: only the local driver is there',
    ]);
  });

  it('warns of keys without effect', () => {
    expect(found('services: {a: {image: x, deploy: {endpoint_mode: vip}}}\n')).to.deep.equal([
      'warning 1:50 services.a.deploy.endpoint_mode has no effect: means something to a Swarm cluster only',
    ]);
  });
});

describe('docs/compose-support.md', () => {
  it('is what the tables say', () => {
    const page = readFileSync(
      new URL('../../../../docs/compose-support.md', import.meta.url),
      'utf8',
    );
    expect(page, 'run node --import tsx scripts/docs-compose.ts').to.equal(supportPage());
  });
});
