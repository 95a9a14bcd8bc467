import { expect } from 'chai';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { Service } from '../../../../../src/compose/load/index.ts';
import { loadFrom } from '../../../../support/compose-files.ts';

/** What service `web` comes to when `over` is loaded after `base`. */
function merged(base: string, over: string): Record<string, unknown> {
  const service = (text: string) => `services:\n  web:\n    ${text.replaceAll('\n', '\n    ')}\n`;
  const { project, diagnostics } = loadFrom(
    {
      'a.yaml': `${service(`image: x\n${base}`)}  db: {image: y}\nnetworks: {n: , m: }\nvolumes: {vol: }\n`,
      'b.yaml': service(over),
    },
    { files: ['a.yaml', 'b.yaml'] },
  );
  expect(diagnostics.map(({ message }) => message)).to.deep.equal([]);
  return project?.services.web as unknown as Record<string, unknown>;
}

describe('merging files', () => {
  const table: readonly (readonly [string, string, string, keyof Service, unknown])[] = [
    ['replaces scalars', 'user: a', 'user: b', 'user', 'b'],
    ['keeps what an empty key says nothing about', 'user: a', 'user:', 'user', 'a'],
    ['replaces commands', 'command: a b', 'command: [c]', 'command', ['c']],
    [
      'merges variables by name',
      'environment: {A: 1, B: 2}',
      'environment: [B=3, C=4]',
      'environment',
      { A: '1', B: '3', C: '4' },
    ],
    [
      'merges labels by name',
      'labels: [a=1]',
      'labels: {a: 2, b: 3}',
      'labels',
      { a: '2', b: '3' },
    ],
    [
      'appends name servers once',
      'dns: 1.1.1.1',
      'dns: [1.1.1.1, 2.2.2.2]',
      'dns',
      ['1.1.1.1', '2.2.2.2'],
    ],
    ['appends capabilities once', 'cap_add: [A]', 'cap_add: [B, A]', 'cap_add', ['A', 'B']],
    [
      'merges hosts',
      'extra_hosts: ["a:1.1.1.1"]',
      'extra_hosts: {b: 2.2.2.2}',
      'extra_hosts',
      ['a=1.1.1.1', 'b=2.2.2.2'],
    ],
    [
      'replaces ulimits',
      'ulimits: {nofile: 1}',
      'ulimits: {nofile: {soft: 2, hard: 3}}',
      'ulimits',
      { nofile: { soft: 2, hard: 3 } },
    ],
    [
      'merges dependencies',
      'depends_on: [db]',
      'depends_on: {db: {condition: service_healthy}}',
      'depends_on',
      { db: { condition: 'service_healthy', required: true } },
    ],
    [
      'merges networks',
      'networks: [n]',
      'networks: {m: {aliases: [q]}}',
      'networks',
      { m: { aliases: ['q'] }, n: null },
    ],
    [
      'merges a build given as a string',
      'build: .',
      'build: {target: t}',
      'build',
      { context: '/p', dockerfile: 'Dockerfile', target: 't' },
    ],
    [
      'merges logging of one driver',
      'logging: {driver: a, options: {x: 1}}',
      'logging: {driver: a, options: {y: 2}}',
      'logging',
      { driver: 'a', options: { x: '1', y: '2' } },
    ],
    [
      'replaces logging of another driver',
      'logging: {driver: a, options: {x: 1}}',
      'logging: {driver: b}',
      'logging',
      { driver: 'b' },
    ],
    [
      'merges health checks key by key',
      'healthcheck: {test: a, retries: 2}',
      'healthcheck: {test: [CMD, b]}',
      'healthcheck',
      { test: ['CMD', 'b'], retries: 2 },
    ],
    ['removes what is reset', 'ports: ["80:80"]', 'ports: !reset []', 'ports', undefined],
    ['replaces what is overridden', 'cap_add: [A]', 'cap_add: !override [B]', 'cap_add', ['B']],
  ];
  for (const [what, base, over, key, value] of table) {
    it(what, () => {
      expect(merged(base, over)[key]).to.deep.equal(value);
    });
  }

  it('keeps one mount a target, the later one', () => {
    const { volumes } = merged('volumes: ["vol:/d", "/a:/b"]', 'volumes: ["/c:/b:ro"]') as {
      volumes: { source: string }[];
    };
    expect(volumes.map(({ source }) => source)).to.deep.equal(['vol', '/c']);
  });

  it('keeps one entry for the same port', () => {
    const { ports } = merged('ports: ["80:80", "81:81"]', 'ports: ["81:81", "82:82"]') as {
      ports: { published: string }[];
    };
    expect(ports.map(({ published }) => published)).to.deep.equal(['80', '81', '82']);
  });

  it('says what cannot be merged, and with what', () => {
    const { diagnostics } = loadFrom(
      {
        'a.yaml': 'services: {web: {image: x, ports: ["80:80"]}}',
        'b.yaml': 'services: {web: {ports: {a: b}}}',
      },
      { files: ['a.yaml', 'b.yaml'] },
    );
    expect(diagnostics[0]?.code).to.equal('COMPOSE_MERGE_CONFLICT');
    expect(diagnostics[0]?.related?.[0]?.range.file).to.equal('/p/a.yaml');
  });

  it('is associative for what merges key by key', () => {
    const name = fc.constantFrom('A', 'B', 'C', 'D');
    const map = fc.dictionary(name, fc.constantFrom('1', '2', '3'));
    const service = fc.record({ environment: map, labels: map, user: fc.constantFrom('u', 'v') });
    fc.assert(
      fc.property(service, service, service, (one, two, three) => {
        const texts = [one, two, three].map((web) =>
          stringify({ services: { web: { image: 'x', ...web } } }),
        );
        const files = {
          'a.yaml': texts[0] ?? '',
          'b.yaml': texts[1] ?? '',
          'c.yaml': texts[2] ?? '',
        };
        const all = loadFrom(files, { files: ['a.yaml', 'b.yaml', 'c.yaml'] });
        const last = loadFrom(files, { files: ['b.yaml', 'c.yaml'] });
        const rest = stringify({ services: last.project?.services });
        const grouped = loadFrom(
          { 'a.yaml': texts[0] ?? '', 'r.yaml': rest },
          { files: ['a.yaml', 'r.yaml'] },
        );
        expect(grouped.project?.services).to.deep.equal(all.project?.services);
      }),
      { numRuns: 60 },
    );
  });
});
