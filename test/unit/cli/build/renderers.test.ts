import { expect } from 'chai';
import type { BuildEvent } from '../../../../src/build/index.ts';
import { createBuildRenderer } from '../../../../src/cli/build/build-renderer.ts';
import { PlainBuildRenderer } from '../../../../src/cli/build/plain-renderer.ts';
import { TtyBuildRenderer } from '../../../../src/cli/build/tty-renderer.ts';
import { createPaint } from '../../../../src/cli/text/paint.ts';

const from = { id: 1, name: '[builder 1/2] FROM debian' };
const run = { id: 2, name: '[builder 2/2] RUN make' };

/** A base that was there, and a step with output in pieces. */
const story: readonly BuildEvent[] = [
  { vertex: from, kind: 'cached', atMs: 5 },
  { vertex: run, kind: 'started', atMs: 10 },
  { vertex: run, kind: 'output', stream: 'stdout', text: 'one\ntw', atMs: 110 },
  { vertex: run, kind: 'output', stream: 'stderr', text: 'o\n10 %\r90 %\nlast', atMs: 220 },
  { vertex: run, kind: 'done', atMs: 1310 },
];

describe('the plain progress of builds', () => {
  const shown = (events: readonly [string | undefined, BuildEvent][]) => {
    let text = '';
    const renderer = new PlainBuildRenderer((piece) => {
      text += piece;
    });
    for (const [target, event] of events) renderer.event(target, event);
    renderer.close();
    return text;
  };

  it('numbers steps and puts the time before each line of output', () => {
    expect(shown(story.map((event) => [undefined, event]))).to.equal(
      [
        '#1 [builder 1/2] FROM debian',
        '#1 CACHED',
        '',
        '#2 [builder 2/2] RUN make',
        '#2 0.100 one',
        '#2 0.210 two',
        '#2 0.210 90 %',
        '#2 1.300 last',
        '#2 DONE 1.3s',
        '',
      ].join('\n'),
    );
  });

  it('keeps the builds of two services apart, and the terminal safe', () => {
    const vertex = { id: 1, name: '[1/1] RUN x\u001b[2J' };
    expect(
      shown([
        ['web', { vertex, kind: 'started', atMs: 0 }],
        ['db', { vertex, kind: 'started', atMs: 0 }],
        ['web', { vertex, kind: 'failed', error: 'exit code: 1\u0007', atMs: 9 }],
        ['db', { vertex, kind: 'canceled', atMs: 9 }],
      ]),
    ).to.equal(
      '#1 [web 1/1] RUN x[2J\n\n#2 [db 1/1] RUN x[2J\n\n#1 ERROR: exit code: 1\n\n#2 CANCELED\n',
    );
  });
});

describe('the live progress of builds', () => {
  it('draws over what it has drawn, with the last lines of what runs', () => {
    let text = '';
    let now = 0;
    let tick: () => void = () => undefined;
    let stopped = false;
    const renderer = new TtyBuildRenderer({
      stream: {
        isTTY: true,
        columns: 40,
        write: (piece: string) => {
          text += piece;
          return true;
        },
      } as never,
      paint: createPaint(false),
      monotonicMs: () => now,
      rows: () => 24,
      every: (_ms, callback) => {
        tick = callback;
        return () => {
          stopped = true;
        };
      },
    });
    const frame = () => {
      text = '';
      tick();
      return text.replaceAll('\u001b[2K', '').replaceAll('\u001b[J', '');
    };
    for (const event of story.slice(0, 4)) {
      now = event.atMs;
      renderer.event(undefined, event);
    }
    now = 510;
    expect(frame()).to.equal(
      [
        '[+] Building 0.5s (1/2)',
        ' => CACHED [builder 1/2] FROM deb… 0.0s',
        ' => [builder 2/2] RUN make         0.5s',
        ' => => # one',
        ' => => # two',
        ' => => # 90 %',
        ' => => # last',
        '',
      ].join('\n'),
    );
    renderer.event(undefined, story[4] as BuildEvent);
    expect(frame().split('\n')[0]).to.equal('\u001b[7F[+] Building 0.5s (2/2)');
    renderer.close();
    expect(stopped).to.equal(true);
    expect(text).to.include('FINISHED');
    expect(text.endsWith('\u001b[?25h')).to.equal(true);
  });
});

describe('the progress of builds for programs', () => {
  it('is one object a line', () => {
    let text = '';
    const stderr = {
      isTTY: false,
      columns: 80,
      write: (piece: string) => {
        text += piece;
        return true;
      },
    };
    const context = { host: { stderr, env: {} }, options: { progress: 'json', ansi: 'auto' } };
    const renderer = createBuildRenderer(context as never);
    renderer.event('web', story[2] as BuildEvent);
    renderer.event('web', { vertex: run, kind: 'failed', error: 'no', atMs: 12.4 });
    const lines = text.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).to.deep.equal([
      {
        id: '[web builder 2/2] RUN make',
        parent_id: 'Image web',
        status: 'Working',
        text: 'one\ntw',
        stream: 'stdout',
        ms: 110,
      },
      {
        id: '[web builder 2/2] RUN make',
        parent_id: 'Image web',
        status: 'Error',
        text: 'no',
        ms: 12,
      },
    ]);
  });

  it('is plain where nobody watches, and nothing where nothing is wanted', () => {
    const stderr = { isTTY: false, columns: 80, write: () => expect.fail('it speaks') };
    const context = { host: { stderr, env: {} }, options: { progress: 'auto', ansi: 'auto' } };
    expect(createBuildRenderer(context as never)).to.be.instanceOf(PlainBuildRenderer);
    const quiet = createBuildRenderer(context as never, 'quiet');
    for (const event of story) quiet.event('web', event);
    quiet.close();
  });
});
