import { expect } from 'chai';
import {
  DetachWatcher,
  defaultDetachKeys,
  parseDetachKeys,
} from '../../../../src/cli/attach/detach-keys.ts';

describe('detach keys', () => {
  const typed = (watcher: DetachWatcher, text: string) => {
    const passed = watcher.take(Buffer.from(text, 'latin1'));
    return passed && Buffer.from(passed).toString('latin1');
  };

  it('are written as in Docker', () => {
    expect(parseDetachKeys('ctrl-p,ctrl-q')).to.deep.equal([...defaultDetachKeys]);
    expect(parseDetachKeys('ctrl-@,d,ctrl-[')).to.deep.equal([0, 0x64, 0x1b]);
    for (const bad of ['', 'ctrl-1', 'ab', 'ctrl-p,', 'é']) {
      expect(() => parseDetachKeys(bad), bad).to.throw(/invalid detach keys/);
    }
  });

  it('are seen however the input is cut, and keep nothing else from the container', () => {
    const watcher = new DetachWatcher(defaultDetachKeys);
    expect(typed(watcher, 'ls\n')).to.equal('ls\n');
    expect(typed(watcher, 'a\x10')).to.equal('a');
    expect(typed(watcher, 'b')).to.equal('\x10b');
    expect(typed(watcher, '\x10')).to.equal('');
    expect(typed(watcher, '\x10\x10')).to.equal('\x10\x10');
    expect(typed(watcher, '\x11')).to.equal(undefined);
  });
});
