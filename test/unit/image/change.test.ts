import { expect } from 'chai';
import fc from 'fast-check';
import { isAppError } from '../../../src/core/index.ts';
import { applyChange } from '../../../src/image/import/change.ts';
import type { ExecutionConfig } from '../../../src/image/index.ts';

function apply(...changes: string[]): ExecutionConfig {
  return changes.reduce<ExecutionConfig>(applyChange, {});
}

/** Instructions → the configuration that `docker import --change` makes of them. */
const cases: readonly [string[], ExecutionConfig][] = [
  [['CMD ["node", "a b.js"]'], { Cmd: ['node', 'a b.js'] }],
  [['CMD node a.js'], { Cmd: ['/bin/sh', '-c', 'node a.js'] }],
  [['CMD [ -f x ] && y'], { Cmd: ['/bin/sh', '-c', '[ -f x ] && y'] }],
  [['cmd []'], { Cmd: [] }],
  [['CMD x', 'ENTRYPOINT ["/e"]'], { Entrypoint: ['/e'] }],
  [['ENV A=1 B="two words" C=x\\ y'], { Env: ['A=1', 'B=two words', 'C=x y'] }],
  [['ENV A all the rest = this'], { Env: ['A=all the rest = this'] }],
  [['ENV A=1', 'ENV B=2', 'ENV A=3'], { Env: ['A=3', 'B=2'] }],
  [
    ['EXPOSE 80 443/udp 8000-8001'],
    { ExposedPorts: { '80/tcp': {}, '443/udp': {}, '8000/tcp': {}, '8001/tcp': {} } },
  ],
  [['LABEL a.b=\'c d\' "e f"=g'], { Labels: { 'a.b': 'c d', 'e f': 'g' } }],
  [['LABEL a='], { Labels: { a: '' } }],
  [['USER app:staff'], { User: 'app:staff' }],
  [['WORKDIR /srv', 'WORKDIR app/..', 'WORKDIR x'], { WorkingDir: '/srv/x' }],
  [['VOLUME /a /b'], { Volumes: { '/a': {}, '/b': {} } }],
  [['VOLUME ["/with space"]'], { Volumes: { '/with space': {} } }],
  [['STOPSIGNAL SIGQUIT'], { StopSignal: 'SIGQUIT' }],
  [['ONBUILD RUN make'], { OnBuild: ['RUN make'] }],
  [['HEALTHCHECK NONE'], { Healthcheck: { Test: ['NONE'] } }],
  [
    ['HEALTHCHECK --interval=1m30s --retries=3 CMD curl -f localhost'],
    {
      Healthcheck: { Test: ['CMD-SHELL', 'curl -f localhost'], Interval: 90e9, Retries: 3 },
    },
  ],
  [['HEALTHCHECK CMD ["true"]'], { Healthcheck: { Test: ['CMD', 'true'] } }],
];

const refused = [
  '',
  'RUN make',
  'CMD',
  'CMD ["a", 1]',
  'ENV A',
  'ENV A=1 B',
  "ENV A='1",
  'EXPOSE 0',
  'EXPOSE 70000',
  'EXPOSE 80/icmp',
  'EXPOSE 90-80',
  'USER a b',
  'VOLUME [""]',
  'HEALTHCHECK curl',
  'HEALTHCHECK --interval=soon CMD x',
  'HEALTHCHECK --every=1s CMD x',
  'ONBUILD FROM x',
];

describe('--change instructions', () => {
  for (const [changes, expected] of cases) {
    it(changes.join(' ; '), () => {
      expect(apply(...changes)).to.deep.equal(expected);
    });
  }

  for (const change of refused) {
    it(`refuses "${change}"`, () => {
      expect(() => apply(change))
        .to.throw()
        .that.satisfies((error: unknown) => isAppError(error, 'IMAGE_CHANGE_INVALID'));
    });
  }

  it('leaves the configuration that it is given as it was', () => {
    const config: ExecutionConfig = Object.freeze({ Env: Object.freeze(['A=1']) });
    expect(applyChange(config, 'ENV A=2').Env).to.deep.equal(['A=2']);
    expect(config.Env).to.deep.equal(['A=1']);
  });

  it('keeps any value of ENV that is quoted', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const quoted = value.replace(/[\\"]/g, '\\$&');
        // Instructions are trimmed lines; white space counts inside the quotes only.
        expect(apply(`ENV A="${quoted}"`).Env).to.deep.equal([`A=${value}`]);
      }),
    );
  });
});
