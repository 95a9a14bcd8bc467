import { expect } from 'chai';
import { humanDuration } from '../../../../src/core/index.ts';
import { statusText } from '../../../../src/engine/observe/status-text.ts';
import { candidate } from './container-fixture.ts';

describe('status text', () => {
  const now = Date.parse('2026-11-23T12:02:00Z');
  const finishedAt = '2026-11-23T12:01:57.250000000Z';

  const rows: [Parameters<typeof candidate>[1], string][] = [
    [{}, 'Up 2 minutes'],
    [{ status: 'paused' }, 'Up 2 minutes (Paused)'],
    [
      { health: { status: 'starting', failingStreak: 0, log: [] } },
      'Up 2 minutes (health: starting)',
    ],
    [{ health: { status: 'healthy', failingStreak: 0, log: [] } }, 'Up 2 minutes (healthy)'],
    [{ status: 'restarting', exitCode: 1, finishedAt }, 'Restarting (1) 2 seconds ago'],
    [{ status: 'exited', exitCode: 137, finishedAt }, 'Exited (137) 2 seconds ago'],
    [{ status: 'created' }, 'Created'],
    [{ status: 'dead' }, 'Dead'],
  ];
  for (const [state, text] of rows) {
    it(text, () => expect(statusText(candidate({}, state).state, now)).to.equal(text));
  }

  it('rounds durations as Docker does', () => {
    const second = 1000;
    const hour = 3600 * second;
    const texts = [
      [0.9 * second, 'Less than a second'],
      [1.9 * second, '1 second'],
      [59 * second, '59 seconds'],
      [119 * second, 'About a minute'],
      [59 * 60 * second, '59 minutes'],
      [1.4 * hour, 'About an hour'],
      [1.5 * hour, '2 hours'],
      [47 * hour, '47 hours'],
      [48 * hour, '2 days'],
      [14 * 24 * hour, '2 weeks'],
      [60 * 24 * hour, '2 months'],
      [2 * 365 * 24 * hour, '2 years'],
    ] as const;
    for (const [ms, text] of texts) expect(humanDuration(ms), `${ms}`).to.equal(text);
  });
});
