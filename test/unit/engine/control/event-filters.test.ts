import { expect } from 'chai';
import { eventFilter } from '../../../../src/engine/control/event-filters.ts';
import type { EngineEvent } from '../../../../src/state/index.ts';

describe('event filters', () => {
  const event: EngineEvent = {
    Type: 'container',
    Action: 'health_status: healthy',
    Actor: {
      ID: 'abc123',
      Attributes: { name: 'todo-web-1', image: 'todo/web', 'com.docker.compose.project': 'todo' },
    },
    scope: 'local',
    time: 1,
    timeNano: 1e9,
  };

  const rows: [Record<string, string[]>, boolean][] = [
    [{}, true],
    [{ type: ['network', 'container'] }, true],
    [{ type: ['network'] }, false],
    [{ event: ['health_status'] }, true],
    [{ event: ['health'] }, false],
    [{ container: ['todo-web-1'] }, true],
    [{ container: ['abc'] }, true],
    [{ container: ['web'] }, false],
    [{ network: ['todo-web-1'] }, false],
    [{ image: ['todo/web'] }, true],
    [{ label: ['com.docker.compose.project=todo', 'com.docker.compose.project'] }, true],
    [{ label: ['com.docker.compose.project=other'] }, false],
    [{ type: ['container'], event: ['die'] }, false],
  ];
  for (const [filters, expected] of rows) {
    it(`${JSON.stringify(filters)}: ${expected}`, () =>
      expect(eventFilter(filters)(event)).to.equal(expected));
  }

  it('refuses an unknown one', () => {
    expect(() => eventFilter({ bogus: ['x'] })).to.throw(/invalid filter 'bogus'; known: type/);
  });
});
