import { expect } from 'chai';
import {
  containerMounts,
  type MountRequest,
  type MountSources,
} from '../../../../src/engine/create/container-mounts.ts';
import { runtimeMounts } from '../../../../src/engine/create/runtime-mounts.ts';

function mounts(sources: Partial<MountSources>): MountRequest[] {
  return containerMounts({
    binds: [],
    mounts: [],
    tmpfs: {},
    volumes: {},
    inherited: [],
    ...sources,
  });
}

describe('container mounts', () => {
  it('reads short binds as paths or as volumes', () => {
    const [path, volume] = mounts({ binds: ['/srv/./a:/a:ro,rshared', 'data:/b:nocopy'] });
    expect(path).to.deep.equal({
      type: 'bind',
      source: '/srv/a',
      target: '/a',
      readOnly: true,
      mode: 'ro,rshared',
      createSource: true,
      propagation: 'rshared',
    });
    expect(volume).to.include({ type: 'volume', volume: 'data', noCopy: true, readOnly: false });
  });

  const wrong: [string, Partial<MountSources>, RegExp][] = [
    ['a relative source', { binds: ['./a:/a'] }, /neither an absolute path nor a volume name/],
    ['a relative target', { binds: ['/a:a'] }, /must be an absolute path below \//],
    ['a mount over the root', { binds: ['/a:/'] }, /below \//],
    ['an unknown option', { binds: ['/a:/a:rx'] }, /unknown option "rx"/],
    ['nocopy of a path', { binds: ['/a:/a:nocopy'] }, /unknown option "nocopy"/],
    ['two mounts on one target', { binds: ['/a:/x', '/b:/x/'] }, /duplicate mount point: \/x/],
    ['an unknown type', { mounts: [{ Type: 'npipe', Target: '/x' }] }, /type "npipe"/],
    [
      'a key that would be dropped',
      { mounts: [{ Type: 'volume', Source: 'v', Target: '/x', BindOptions: {} }] },
      /HostConfig.Mounts\[0\]: key "BindOptions" is not supported/,
    ],
    [
      'a subpath that leads out',
      {
        mounts: [
          { Type: 'volume', Source: 'v', Target: '/x', VolumeOptions: { Subpath: 'a/../../b' } },
        ],
      },
      /must stay inside/,
    ],
  ];
  for (const [name, sources, message] of wrong) {
    it(`refuses ${name}`, () => expect(() => mounts(sources)).to.throw(message));
  }

  it('mounts parents before what is mounted inside them', () => {
    const targets = mounts({
      binds: ['v:/a/b/c'],
      tmpfs: { '/a/b': 'size=1m' },
      volumes: { '/a': {} },
    }).map(({ target }) => target);
    expect(targets).to.deep.equal(['/a', '/a/b', '/a/b/c']);
  });

  it('makes an anonymous volume only where nothing else is mounted', () => {
    const list = mounts({
      binds: ['data:/var/lib/mysql'],
      volumes: { '/var/lib/mysql/': {}, '/x': {} },
    });
    expect(list).to.have.length(2);
    const anonymous = list.find(({ target }) => target === '/x');
    expect(anonymous?.volume).to.equal(undefined);
    expect(anonymous?.anonymous).to.equal(true);
  });

  it('lets a mount of its own hide one taken over from another container', () => {
    const [mount] = mounts({
      binds: ['/own:/x'],
      inherited: [{ type: 'bind', source: '/other', target: '/x', readOnly: true, mode: 'ro' }],
    });
    expect(mount).to.include({ source: '/own', readOnly: false });
  });

  it('turns the size and the mode of a tmpfs into numbers', () => {
    const list = mounts({
      tmpfs: { '/t': 'size=64m,mode=1700,noexec,ro' },
      mounts: [{ Type: 'tmpfs', Target: '/u', TmpfsOptions: { SizeBytes: 4096, Mode: 0o755 } }],
    });
    expect(runtimeMounts(list)).to.have.deep.members([
      {
        type: 'tmpfs',
        target: '/t',
        sizeBytes: 64 * 1024 * 1024,
        mode: 0o1700,
        readOnly: true,
        options: ['noexec'],
      },
      { type: 'tmpfs', target: '/u', sizeBytes: 4096, mode: 0o755 },
    ]);
  });
});
