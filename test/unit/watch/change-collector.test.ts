import { expect } from 'chai';
import { ChangeCollector, type ChangeSet } from '../../../src/watch/change-collector.ts';

/** Time that passes when the test says so. */
class FakeTimers {
  nowMs = 0;
  #timer: { atMs: number; callback: () => void } | undefined;

  monotonicMs(): number {
    return this.nowMs;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, callback };
    this.#timer = timer;
    return () => {
      if (this.#timer === timer) this.#timer = undefined;
    };
  }

  pass(ms: number): void {
    const end = this.nowMs + ms;
    while (this.#timer !== undefined && this.#timer.atMs <= end) {
      const { atMs, callback } = this.#timer;
      this.#timer = undefined;
      this.nowMs = atMs;
      callback();
    }
    this.nowMs = end;
  }
}

describe('collecting changes', () => {
  let timers: FakeTimers;
  let sets: ChangeSet[];
  let collector: ChangeCollector;

  beforeEach(() => {
    timers = new FakeTimers();
    sets = [];
    collector = new ChangeCollector(timers, (set) => sets.push(set));
  });

  it('passes a single save on within 10 ms, with the moment of its first sign', () => {
    timers.pass(100);
    collector.add(['a']);
    timers.pass(3);
    collector.add(['a']);
    timers.pass(10);
    expect(sets).to.have.length(1);
    expect(sets[0]?.atMs).to.equal(100);
  });

  it('makes one set of a thousand files that come within half a second', () => {
    for (let i = 0; i < 1000; i += 1) {
      collector.add([`f${i}`]);
      timers.pass(i % 100 === 99 ? 40 : 0.1);
    }
    timers.pass(200);
    expect(sets.map(({ paths }) => paths.size)).to.deep.equal([1000]);
  });

  it('does not wait for ever for what never rests', () => {
    for (let ms = 0; ms < 5000; ms += 4) {
      collector.add([`f${ms % 400}`]);
      timers.pass(4);
    }
    expect(sets).to.have.length(2);
  });

  it('passes nothing on for nothing, nor after its end', () => {
    collector.add([]);
    collector.add(['a']);
    collector.close();
    timers.pass(5000);
    expect(sets).to.deep.equal([]);
  });
});
