import { expect } from 'chai';
import {
  type Candidate,
  compileFilters,
  onlyRunning,
} from '../../../../src/engine/observe/container-filters.ts';
import { candidate, webId } from './container-fixture.ts';

const surroundings = {
  findContainer: () => candidate({ created: '2026-11-23T13:00:00.000000000Z' }).record,
  findImages: async (reference: string) =>
    reference === 'base' ? [`sha256:${'1'.repeat(64)}`] : [],
};

async function matches(name: string, values: string[], what: Candidate = candidate()) {
  return (await compileFilters({ [name]: values }, surroundings))(what);
}

describe('container filters', () => {
  const yes: [string, string[]][] = [
    ['id', [webId.slice(0, 8)]],
    ['name', ['web']],
    ['name', ['^/todo-web-1$']],
    ['name', ['nope', 'todo']],
    ['label', ['tier']],
    ['label', ['tier=front', 'com.docker.compose.project=todo']],
    ['status', ['exited', 'running']],
    ['health', ['none']],
    ['network', ['todo_default']],
    ['network', ['cccc']],
    ['volume', ['todo_db']],
    ['volume', ['/db']],
    ['ancestor', ['base']],
    ['ancestor', ['todo/web']],
    ['before', ['later']],
    ['publish', ['80']],
    ['expose', ['90/udp']],
  ];
  for (const [name, values] of yes) {
    it(`${name}=${values.join(',')} is met`, async () =>
      expect(await matches(name, values)).to.equal(true));
  }

  const no: [string, string[]][] = [
    ['id', ['beef']],
    ['name', ['^web']],
    ['label', ['tier=front', 'missing']],
    ['label', ['tier=back']],
    ['status', ['exited']],
    ['health', ['healthy']],
    ['exited', ['0']],
    ['network', ['todo']],
    ['volume', ['db']],
    ['ancestor', ['other']],
    ['since', ['later']],
    ['publish', ['90/udp']],
  ];
  for (const [name, values] of no) {
    it(`${name}=${values.join(',')} is not met`, async () =>
      expect(await matches(name, values)).to.equal(false));
  }

  it('takes a name that is no regular expression as it stands', async () => {
    expect(await matches('name', ['todo('])).to.equal(false);
  });

  it('refuses unknown filters and values', async () => {
    const failure = async (name: string, value: string) =>
      matches(name, [value]).then(
        () => 'nothing',
        (error: Error) => error.message,
      );
    expect(await failure('bogus', 'x')).to.match(/invalid filter 'bogus'/);
    expect(await failure('status', 'bogus')).to.match(/must be one of created, running/);
    expect(await failure('exited', 'x')).to.match(/exited=x/);
  });

  it('shows stopped containers where a filter says that they are meant', () => {
    expect(onlyRunning(false, {})).to.equal(true);
    expect(onlyRunning(true, {})).to.equal(false);
    expect(onlyRunning(false, { status: ['exited'] })).to.equal(false);
    expect(onlyRunning(undefined, { status: [] })).to.equal(true);
  });
});
