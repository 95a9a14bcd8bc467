import { expect } from 'chai';
import { jsonRenderer, plainRenderer } from '../../../src/cli/progress/plain.ts';
import { TtyRenderer } from '../../../src/cli/progress/tty.ts';
import { createPaint } from '../../../src/cli/text/paint.ts';
import type { ProgressEvent } from '../../../src/compose/execute/index.ts';
import { FakeStream } from '../../support/fake-host.ts';

function event(name: string, state: ProgressEvent['state'], text: string, atMs = 0): ProgressEvent {
  return { resource: { kind: 'Container', name }, state, text, atMs };
}

/** What a terminal shows after all that was written: cursor up, erase and line feeds carried out. */
function screen(text: string): string[] {
  const rows: string[] = [];
  // biome-ignore-start lint/suspicious/noControlCharactersInRegex: escape sequences are what is read.
  let row = 0;
  for (const part of text.split(/(\u001b\[\??\d*[A-Za-z]|\n)/)) {
    const up = /^\u001b\[(\d+)F$/.exec(part);
    // biome-ignore-end lint/suspicious/noControlCharactersInRegex: escape sequences are what is read.
    if (up !== null) row -= Number(up[1]);
    else if (part === '\n') row += 1;
    else if (part === '\u001b[2K') rows[row] = '';
    else if (part === '\u001b[J') rows.length = row;
    else if (!part.startsWith('\u001b')) rows[row] = (rows[row] ?? '') + part;
  }
  return rows.map((line) => line.trimEnd()).filter((line) => line !== '');
}

describe('progress', () => {
  it('plain is a line a change, in the form of Docker Compose', () => {
    const stream = new FakeStream();
    plainRenderer(stream).event(event('todo-mysql-1', 'done', 'Started'));
    expect(stream.text).to.equal(' Container todo-mysql-1  Started\n');
  });

  it('json is an object a change', () => {
    const stream = new FakeStream();
    jsonRenderer(stream).event(event('todo-mysql-1', 'done', 'Started', 12.4));
    expect(JSON.parse(stream.text)).to.deep.equal({
      id: 'Container todo-mysql-1',
      status: 'Started',
      state: 'done',
      ms: 12,
    });
  });

  it('on a terminal is one line a resource, redrawn in place', () => {
    const stream = new FakeStream(true, 60);
    let now = 0;
    let tick: () => void = () => undefined;
    const renderer = new TtyRenderer({
      stream,
      paint: createPaint(false),
      monotonicMs: () => now,
      rows: () => 24,
      every: (_ms, callback) => {
        tick = callback;
        return () => undefined;
      },
    });
    renderer.event(event('todo-db-1', 'working', 'Starting'));
    renderer.event(event('todo-web-1', 'working', 'Creating'));
    now = 300;
    tick();
    renderer.event(event('todo-db-1', 'done', 'Started', 500));
    now = 700;
    tick();
    renderer.event(event('todo-web-1', 'error', 'Error', 800));
    renderer.close();

    const lines = screen(stream.text);
    expect(lines).to.have.length(3);
    expect(lines[0]).to.equal('[+] Running 2/2');
    expect(lines[1]).to.match(/^ ✔ Container todo-db-1 {3}Started +0\.5s$/);
    expect(lines[2]).to.match(/^ ✘ Container todo-web-1 {2}Error +0\.8s$/);
    expect(stream.text.endsWith('\u001b[?25h'), 'the cursor is back').to.equal(true);
  });

  it('on a small terminal shows what still works, and everything at the end', () => {
    const stream = new FakeStream(true, 60);
    let tick: () => void = () => undefined;
    const renderer = new TtyRenderer({
      stream,
      paint: createPaint(false),
      monotonicMs: () => 0,
      rows: () => 4,
      every: (_ms, callback) => {
        tick = callback;
        return () => undefined;
      },
    });
    for (const name of ['a', 'b', 'c', 'd']) renderer.event(event(name, 'done', 'Started'));
    renderer.event(event('late', 'working', 'Starting'));
    tick();
    expect(screen(stream.text)).to.have.length(3);
    expect(screen(stream.text).join('\n')).to.include('late');
    renderer.event(event('late', 'done', 'Started'));
    renderer.close();
    expect(screen(stream.text)).to.have.length(6);
  });

  it('cannot be written over by a name', () => {
    const stream = new FakeStream(true, 60);
    const renderer = new TtyRenderer({
      stream,
      paint: createPaint(false),
      monotonicMs: () => 0,
      rows: () => 24,
      every: () => () => undefined,
    });
    renderer.event(event('x\u001b[2J\rforged', 'done', 'Started'));
    renderer.close();
    expect(stream.text).to.not.include('\u001b[2J');
    expect(stream.text).to.not.include('\r');
  });
});
