import { expect } from 'chai';
import { type RuleDefinition, WatchRule } from '../../../src/watch/rule.ts';
import { WatchScope } from '../../../src/watch/watcher.ts';

function rule(definition: Partial<RuleDefinition>): WatchRule {
  return new WatchRule({
    service: 'web',
    index: 0,
    action: 'sync',
    path: '/p/src',
    shownPath: 'src',
    target: '/app',
    exec: undefined,
    ignore: [],
    include: [],
    initialSync: undefined,
    bindMounted: false,
    dockerignore: undefined,
    place: () => undefined,
    ...definition,
  });
}

describe('a watch rule', () => {
  it('knows its own path and what is below it', () => {
    const one = rule({});
    expect(one.match('/p/src')).to.equal('');
    expect(one.match('/p/src/a/b.js')).to.equal('a/b.js');
    expect(one.match('/p/src2/a')).to.equal(undefined);
    expect(one.match('/p')).to.equal(undefined);
  });

  it('leaves out what it ignores, what it does not include and what editors leave behind', () => {
    const one = rule({ ignore: ['gen/', '*.log'], include: ['**/*.js', '**/*.log'] });
    expect(one.match('/p/src/a.js')).to.equal('a.js');
    for (const name of ['gen/a.js', 'x.log', 'a.css', '.a.js.swp', 'b/4913', '.git/x.js']) {
      expect(one.match(`/p/src/${name}`), name).to.equal(undefined);
    }
  });

  it('counts the patterns of a .dockerignore from the build context', () => {
    const one = rule({ dockerignore: { folder: '/p', patterns: ['src/tmp', '!src/tmp/keep'] } });
    expect(one.match('/p/src/tmp/x')).to.equal(undefined);
    expect(one.match('/p/src/tmp/keep')).to.equal('tmp/keep');
    expect(one.wantsFolder('/p/src/tmp')).to.equal(true);
    expect(rule({ path: '/q' }).match('/q/src/tmp/x')).to.equal('src/tmp/x');
  });

  it('wants no folder that it ignores as a whole', () => {
    const one = rule({ ignore: ['node_modules', '**/cache'] });
    expect(one.wantsFolder('/p/src')).to.equal(true);
    expect(one.wantsFolder('/p/src/node_modules')).to.equal(false);
    expect(one.wantsFolder('/p/src/a/cache/b')).to.equal(false);
    expect(one.wantsFolder('/p'), 'on the way to it').to.equal(true);
    expect(one.wantsFolder('/p/other')).to.equal(false);
  });
});

describe('the scope of a watch', () => {
  it('begins above each path, at what exists, and asks for the way down only', () => {
    const scope = new WatchScope([rule({}), rule({ path: '/p/gone/deep/file.json' })]);
    const roots = scope.roots((folder) => ['/', '/p', '/p/src'].includes(folder));
    expect(roots).to.deep.equal(['/p']);
    expect(scope.onlyNames('/p')).to.have.members(['src', 'gone']);
    expect(scope.onlyNames('/p/src')).to.equal(undefined);
    expect(scope.onlyNames('/p/gone')).to.deep.equal(['deep']);
  });

  it('looks at all of a folder that one rule ignores and another one watches', () => {
    const scope = new WatchScope([
      rule({ path: '/p', ignore: ['lib'] }),
      rule({ path: '/p/lib/core' }),
    ]);
    expect(scope.wantsFolder('/p/lib')).to.equal(true);
    expect(scope.onlyNames('/p/lib')).to.deep.equal(['core']);
    expect(scope.wantsFolder('/p/lib/other')).to.equal(false);
    expect(scope.onlyNames('/p/lib/core')).to.equal(undefined);
  });
});
