import { expect } from 'chai';
import { parseCacheFrom, parseCacheTo } from '../../../../src/cli/build/cache-flags.ts';

describe('cache flags', () => {
  it('take a name for one in a registry', () => {
    const place = { kind: 'registry', reference: 'registry.test:5000/app:cache' };
    expect(parseCacheFrom('registry.test:5000/app:cache', '/p')).to.deep.equal(place);
    expect(
      parseCacheTo('type=registry,ref=registry.test:5000/app:cache,mode=max', '/p'),
    ).to.deep.equal({ place, mode: 'max', ignoreError: false });
  });

  it('take folders, relative to where they stand', () => {
    expect(parseCacheFrom('type=local,src=../cache', '/p/q')).to.deep.equal({
      kind: 'folder',
      path: '/p/cache',
      tag: 'latest',
    });
    expect(parseCacheTo('type=local,dest=/c,tag=v1,ignore-error=true', '/p')).to.deep.equal({
      place: { kind: 'folder', path: '/c', tag: 'v1' },
      mode: 'min',
      ignoreError: true,
    });
  });

  it('refuse what would not be done', () => {
    for (const [text, why] of [
      ['type=gha', 'caches of type "gha"'],
      ['type=inline', 'caches of type "inline"'],
      ['ref=x', 'caches of type ""'],
      ['type=local', 'it has no dest=FOLDER'],
      ['type=registry,ref=x,mode=most', 'neither min nor max'],
      ['type=registry,ref=x,compression=zstd', '"compression=zstd"'],
      ['type=registry,ref=x,src=y', '"src=y"'],
    ] as const) {
      expect(() => parseCacheTo(text, '/p'), text).to.throw(why);
    }
  });
});
