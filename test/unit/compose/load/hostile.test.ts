import { expect } from 'chai';
import { type LoadOptions, loadProjectDetailed } from '../../../../src/compose/load/index.ts';
import { loadFrom } from '../../../support/compose-files.ts';

/** Processor time that `work` takes: unlike the clock, it does not depend on what else the machine does. */
function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Loads a file that must end in an error, within a bounded time. */
function refused(text: string, options: Partial<LoadOptions> = {}): readonly string[] {
  let result = loadFrom({});
  const took = cpuMs(() => {
    result = loadFrom({ 'compose.yaml': text }, options);
  });
  expect(took).to.be.lessThan(5000);
  const { diagnostics, project } = result;
  expect(project).to.equal(undefined);
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
}

const valid = 'services: {a: {image: x}}\n';

/** `x-1: &x1 [*x0, *x0, …]` over and over: each line multiplies what it names. */
function aliasBomb(levels: number): string {
  const lines = ['x-0: &x0 [a, a, a, a, a, a, a, a, a]'];
  for (let level = 1; level < levels; level += 1) {
    const name = `*x${level - 1}`;
    lines.push(`x-${level}: &x${level} [${Array(9).fill(name).join(', ')}]`);
  }
  return `${lines.join('\n')}\n${valid}`;
}

describe('hostile files', () => {
  it('stops aliases that multiply', () => {
    expect(refused(aliasBomb(9))).to.deep.equal(['COMPOSE_LIMIT']);
  });

  it('stops merge keys that multiply', () => {
    const lines = ['x-0: &x0 {k: {a: 1, b: 2, c: 3, d: 4}}'];
    for (let level = 1; level < 12; level += 1) {
      const fields = Array.from({ length: 6 }, (_, index) => `f${index}: *x${level - 1}`);
      lines.push(`x-${level}: &x${level} {<<: *x${level - 1}, ${fields.join(', ')}}`);
    }
    expect(refused(`${lines.join('\n')}\n${valid}`)).to.deep.equal(['COMPOSE_LIMIT']);
  });

  it('stops documents that each stay below the limit', () => {
    const document = aliasBomb(5);
    expect(refused(Array(60).fill(document).join('---\n'))).to.deep.equal(['COMPOSE_LIMIT']);
  });

  it('stops nesting, in brackets and in blocks', () => {
    expect(refused(`x-a: ${'['.repeat(100_000)}`)).to.have.length.greaterThan(0);
    expect(refused(`x-a: ${'{a: '.repeat(50_000)}`)).to.have.length.greaterThan(0);
    expect(refused(`x-a: ${'['.repeat(3000)}${']'.repeat(3000)}\n${valid}`)).to.deep.equal([
      'COMPOSE_LIMIT',
    ]);
    const block = Array.from({ length: 400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n');
    expect(refused(`x-a:\n ${block.replaceAll('\n', '\n ')}\n${valid}`)).to.deep.equal([
      'COMPOSE_LIMIT',
    ]);
  });

  it('refuses an anchor inside itself, with !reset and without', () => {
    expect(refused(`x-a: &a {b: *a}\n${valid}`)).to.deep.equal(['COMPOSE_YAML_ALIAS']);
    expect(refused(`x-a: &a !reset [*a]\n${valid}`)).to.deep.equal(['COMPOSE_YAML_ALIAS']);
    expect(refused('services: {a: &a {image: x, build: !reset {c: *a}}}')).to.deep.equal([
      'COMPOSE_YAML_ALIAS',
    ]);
  });

  it('refuses services that extend each other in a long chain', () => {
    const services = Array.from(
      { length: 5000 },
      (_, index) => `  s${index}: {image: x, extends: s${index + 1}}`,
    );
    const codes = refused(`services:\n${services.join('\n')}\n  s5000: {image: x}\n`);
    expect(new Set(codes)).to.deep.equal(new Set(['COMPOSE_EXTENDS_INVALID']));
  });

  it('refuses a large service that thousands extend', () => {
    const labels = Array.from({ length: 20_000 }, (_, index) => `      l${index}: v`).join('\n');
    const users = Array.from({ length: 5000 }, (_, index) => `  u${index}: {extends: big}`);
    const text = `services:\n  big:\n    image: x\n    labels:\n${labels}\n${users.join('\n')}\n`;
    expect(new Set(refused(text))).to.include('COMPOSE_LIMIT');
  });

  it('refuses a file that includes itself over another', () => {
    const { diagnostics } = loadFrom({
      'compose.yaml': 'include: [b.yaml]\nservices: {a: {image: x}}\n',
      'b.yaml': 'include: [compose.yaml]\nservices: {b: {image: x}}\n',
    });
    expect(diagnostics.map(({ code }) => code)).to.deep.equal(['COMPOSE_INCLUDE_INVALID']);
  });

  it('refuses a hundred megabytes without reading them', () => {
    const { diagnostics } = loadProjectDetailed({
      cwd: '/p',
      env: {},
      reader: {
        read: (path) =>
          path === '/p/compose.yaml' ? new Uint8Array(100 * 1024 * 1024) : undefined,
        kind: (path) => (path === '/p/compose.yaml' ? 'file' : undefined),
      },
    });
    expect(diagnostics.map(({ code }) => code)).to.deep.equal(['COMPOSE_LIMIT']);
  });

  it('expands a million variables, and gives up on braces that do not pair', () => {
    let many = loadFrom({});
    const took = cpuMs(() => {
      many = loadFrom({
        'compose.yaml': `services: {a: {image: x, hostname: "${'${A:-b}'.repeat(400_000)}"}}\n`,
      });
    });
    expect(took).to.be.lessThan(5000);
    expect(many.project?.services.a?.hostname).to.have.length(400_000);
    refused(`services: {a: {image: x, hostname: "${'${A:-{'.repeat(300_000)}}"}}\n`);
  });

  it('stops ranges of ports that name every port many times', () => {
    const ports = Array.from({ length: 50 }, (_, index) => `"127.0.0.${index}:1-65535:1-65535"`);
    expect(refused(`services: {a: {image: x, ports: [${ports.join(', ')}]}}\n`)).to.deep.equal([
      'COMPOSE_LIMIT',
    ]);
  });

  it('keeps names that JavaScript objects have of their own', () => {
    const { project } = loadFrom({
      'compose.yaml':
        'services:\n  constructor: {image: x, environment: {__proto__: a, toString: b}, depends_on: [valueOf]}\n  valueOf: {image: y}\n',
    });
    expect(Object.keys(project?.services ?? {})).to.deep.equal(['constructor', 'valueOf']);
    expect(
      Object.keys(project?.services['constructor' as string]?.environment ?? {}),
    ).to.have.members(['__proto__', 'toString']);
  });
});
