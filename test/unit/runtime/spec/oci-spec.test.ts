import { expect } from 'chai';
import { ociSpec } from '../../../../src/runtime/index.ts';
import { plainContainer } from '../../../support/runtime-container.ts';

const folder = '/data/containers/x';
const spec = (changes: Parameters<typeof plainContainer>[0] = {}) =>
  ociSpec(plainContainer(changes), folder, 'x64');
const mountAt = (path: string, changes: Parameters<typeof plainContainer>[0] = {}) =>
  spec(changes).mounts.find(({ destination }) => destination === path);

describe('ociSpec', () => {
  it('is the same text for the same container', () => {
    expect(JSON.stringify(spec())).to.equal(JSON.stringify(spec()));
  });

  it('adds PATH, HOSTNAME and, with a terminal, TERM, unless they are set', () => {
    expect(spec({ tty: true }).process.env).to.deep.equal([
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOSTNAME=abababababab',
      'TERM=xterm',
    ]);
    expect(spec({ env: ['PATH=/x', 'HOSTNAME=h'] }).process.env).to.deep.equal([
      'PATH=/x',
      'HOSTNAME=h',
    ]);
  });

  it('lets any user bind any port and send pings, in a network namespace of its own', () => {
    const name = 'net.ipv4.ip_unprivileged_port_start';
    expect(spec({ sysctls: { [name]: '80' } }).linux.sysctl).to.deep.equal({
      [name]: '80',
      'net.ipv4.ping_group_range': '0 2147483647',
    });
    const network = { ...plainContainer().network, mode: 'host' as const };
    expect(spec({ network }).linux.sysctl).to.deep.equal({});
  });

  it('leaves the user’s name to the native side', () => {
    const { annotations, process } = spec({ user: 'app:web', groupAdd: ['audio', '1234'] });
    expect(annotations).to.deep.equal({
      'coracle.user': 'app:web',
      'coracle.groups': 'audio,1234',
    });
    expect(process.user).to.deep.equal({ uid: 0, gid: 0 });
  });

  it('mounts from the root downwards, so that a bind on /etc does not hide /etc/hosts', () => {
    const order = spec({
      mounts: [
        { type: 'bind', source: '/c', target: '/a/b/c' },
        { type: 'bind', source: '/e', target: '/etc' },
      ],
    }).mounts.map(({ destination }) => destination);
    expect(order.indexOf('/etc')).to.be.lessThan(order.indexOf('/etc/hosts'));
    expect(order.indexOf('/etc/hosts')).to.be.lessThan(order.indexOf('/a/b/c'));
  });

  it('lets a mount of the user’s take the place of a default one', () => {
    const shm = mountAt('/dev/shm', {
      mounts: [{ type: 'tmpfs', target: '/dev/shm', sizeBytes: 1 }],
    });
    expect(shm?.options).to.include('size=1');
    expect(mountAt('/dev/shm')?.options).to.include(`size=${64 * 1024 * 1024}`);
  });

  it('makes a read-only bind read-only all the way down, unless it says otherwise', () => {
    const options = (recursive?: 'disabled' | 'writable') =>
      mountAt('/x', {
        mounts: [
          {
            type: 'bind',
            source: '/s',
            target: '/x',
            readOnly: true,
            ...(recursive === undefined ? {} : { recursive }),
          },
        ],
      })?.options;
    expect(options()).to.deep.equal(['rbind', 'rro', 'rprivate']);
    expect(options('writable')).to.deep.equal(['rbind', 'ro', 'rprivate']);
    expect(options('disabled')).to.deep.equal(['bind', 'ro', 'rprivate']);
  });

  it('hides what tells about the machine, but not from a privileged container', () => {
    expect(spec().linux.maskedPaths).to.include('/proc/kcore');
    expect(spec({ privileged: true }).linux.maskedPaths).to.deep.equal([]);
    expect(spec({ privileged: true }).linux.seccomp).to.equal(undefined);
    expect(mountAt('/sys', { privileged: true })?.options).to.include('rw');
  });

  it('shares what is the host’s', () => {
    const types = spec({
      network: { ...plainContainer().network, mode: 'host' },
      pidNamespace: { kind: 'host' },
      ipcNamespace: { kind: 'path', path: '/proc/7/ns/ipc' },
    }).linux.namespaces;
    expect(types).to.deep.equal([
      { type: 'mount' },
      { type: 'uts' },
      { type: 'ipc', path: '/proc/7/ns/ipc' },
      { type: 'cgroup' },
    ]);
  });

  it('puts init in front of the command', () => {
    const { process } = spec({ initPath: '/lib/coracle-init', args: ['a', 'b'] });
    expect(process.args).to.deep.equal(['/sbin/docker-init', '--', 'a', 'b']);
    expect(mountAt('/sbin/docker-init', { initPath: '/lib/coracle-init' })?.options).to.include(
      'ro',
    );
  });

  it('turns CPUs into a quota and keeps what was not asked for out of the resources', () => {
    expect(
      spec({ resources: { cpus: 1.5, memoryBytes: 1000, pidsLimit: 5 } }).linux.resources,
    ).to.deep.equal({
      devices: [{ allow: false, access: 'rwm' }],
      memory: { limit: 1000 },
      cpu: { quota: 150_000, period: 100_000 },
      pids: { limit: 5 },
    });
  });

  it('reads devices and their rules from the host', () => {
    const { devices, resources } = spec({
      devices: [{ source: '/dev/null', target: '/dev/nothing', permissions: 'r' }],
      deviceCgroupRules: ['c 13:* rwm'],
    }).linux;
    expect(devices[0]).to.include({ path: '/dev/nothing', type: 'c', major: 1, minor: 3 });
    expect((resources as { devices: unknown[] }).devices).to.deep.equal([
      { allow: false, access: 'rwm' },
      { allow: true, type: 'c', major: 1, minor: 3, access: 'r' },
      { allow: true, type: 'c', major: 13, access: 'rwm' },
    ]);
  });

  it('refuses what it cannot express', () => {
    expect(() => spec({ ulimits: [{ name: 'nope', soft: 1, hard: 1 }] })).to.throw(
      'unknown ulimit "nope"',
    );
    expect(() => spec({ securityOpt: ['what=ever'] })).to.throw('security_opt "what=ever"');
    expect(() => spec({ deviceCgroupRules: ['x'] })).to.throw('device cgroup rule "x"');
    expect(() =>
      spec({ devices: [{ source: '/dev/nope', target: '/x', permissions: 'r' }] }),
    ).to.throw('/dev/nope does not exist');
  });

  it('reads security options in both of Docker’s spellings', () => {
    expect(spec({ securityOpt: ['no-new-privileges:true'] }).process.noNewPrivileges).to.equal(
      true,
    );
    expect(spec({ securityOpt: ['no-new-privileges'] }).process.noNewPrivileges).to.equal(true);
    expect(spec({ securityOpt: ['seccomp=unconfined'] }).linux.seccomp).to.equal(undefined);
    expect(spec({ securityOpt: ['systempaths=unconfined'] }).linux.readonlyPaths).to.deep.equal([]);
  });
});
