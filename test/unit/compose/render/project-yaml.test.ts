import { expect } from 'chai';
import fc from 'fast-check';
import { parse } from 'yaml';
import {
  compareKeys,
  plainYaml,
  projectJson,
  projectYaml,
} from '../../../../src/compose/render/index.ts';
import { projectFrom } from '../../../support/compose-files.ts';

const everything = `
services:
  web:
    image: nginx
    command: echo "a  b" 'it''s'
    environment: {A: "yes", B: , C: "0123", D: "a: b", E: "x\\ny\\n", F: "", G: " pad", H: "é☃", I: "a\\tb", J: "😀"}
    labels: {a.b: 1, "y": x}
    ports: ["8080:80", "9000-9001:9000-9001/udp"]
    volumes: [./a:/b, "data:/c:ro", /anon]
    depends_on: {db: {condition: service_healthy, restart: true}}
    healthcheck: {test: curl x, interval: 90s, retries: 3}
    deploy: {replicas: 2, resources: {limits: {cpus: "0.5", memory: 50M}}}
    develop: {watch: [{action: rebuild, path: .}]}
    post_start: [{command: a}]
    ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}
    networks: {n: {aliases: [q]}, default: }
    secrets: [s]
    x-note: {b: 1, a: [c]}
  db: {image: mysql, entrypoint: [], command: [], init: false}
networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24}]}}}
volumes: {data: }
secrets: {s: {file: ./s}}
x-top: {z: 1, y: [a, {b: c}]}
`;

/** As `config` prints it: dollar signs doubled, so that none starts a variable. */
function printed(text: string): string {
  return text.replaceAll('$', '$$$$');
}

describe('projectYaml', () => {
  it('loads back to the same project', () => {
    const project = projectFrom(everything);
    const again = projectFrom(printed(projectYaml(project)));
    expect(again).to.deep.equal(project);
    expect(projectYaml(again)).to.equal(projectYaml(project));
  });

  it('writes keys in the order of the model and names sorted, letters after signs', () => {
    const text = projectYaml(
      projectFrom('services: {b: {image: x}, a10: {image: y}, a9: {image: z}}'),
    );
    expect(text.match(/^ {2}\w+(?=:)/gm)?.map((key) => key.trim())).to.deep.equal([
      'a9',
      'a10',
      'b',
      'default',
    ]);
  });

  it('writes any text so that it reads back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parse(plainYaml({ [`k${text}`]: text, list: [text] }))).to.deep.equal({
          [`k${text}`]: text,
          list: [text],
        });
      }),
      { numRuns: 200 },
    );
  });

  it('writes lines, signs and spaces so that they read back', () => {
    const piece = fc.constantFrom(
      'a',
      ' ',
      '\n',
      ':',
      '#',
      '-',
      '?',
      '"',
      "'",
      '\t',
      '{',
      '*',
      '&',
      '!',
      '|',
      '%',
      ',',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join('');
        expect(parse(plainYaml({ a: { b: [text, { c: text }] } }))).to.deep.equal({
          a: { b: [text, { c: text }] },
        });
      }),
      { numRuns: 400 },
    );
  });
});

describe('projectJson', () => {
  it('has extensions at the top and not below', () => {
    const json = JSON.parse(projectJson(projectFrom(everything)));
    expect(json['x-top']).to.deep.equal({ z: 1, y: ['a', { b: 'c' }] });
    expect(json.services.web).not.to.have.property('x-note');
  });
});

describe('compareKeys', () => {
  it('sorts numbers in names by their value and capitals first', () => {
    const keys = ['b', 'a10', 'a9', 'A', 'a', '_x', '10', '9', 'a-1', 'a.b', 'a01'];
    expect(keys.toSorted(compareKeys)).to.deep.equal([
      '_x',
      '9',
      '10',
      'A',
      'a',
      'a-1',
      'a.b',
      'a01',
      'a9',
      'a10',
      'b',
    ]);
  });
});
