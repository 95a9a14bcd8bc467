import { expect } from 'chai';
import type { ContainerCreateOptions } from '../../../../src/engine/api.ts';
import { checkOptions } from '../../../../src/engine/create/check-options.ts';
import {
  checkContainerName,
  defaultContainerName,
} from '../../../../src/engine/create/container-name.ts';
import { runtimeHealthcheck } from '../../../../src/engine/create/healthcheck.ts';
import { logRotation } from '../../../../src/engine/create/log-config.ts';
import { publishedPorts } from '../../../../src/engine/create/published-ports.ts';
import { runtimeResources } from '../../../../src/engine/create/runtime-resources.ts';
import { signalName } from '../../../../src/engine/signal-name.ts';

describe('create options', () => {
  it('takes neutral values of what has no effect here and refuses others', () => {
    checkOptions({ HostConfig: { Isolation: '', KernelMemory: 0, Links: null, StorageOpt: {} } });
    const wrong: [ContainerCreateOptions, RegExp][] = [
      [{ HostConfig: { Links: ['a:b'] } }, /HostConfig.Links is not supported: \["a:b"\]/],
      [{ HostConfig: { Runtime: 'kata' } }, /unknown or invalid runtime name: kata/],
      [{ Bogus: 1 } as ContainerCreateOptions, /unknown option Bogus/],
      [{ Env: ['=x'] }, /invalid environment variable: =x/],
      [{ WorkingDir: 'srv' }, /needs to be an absolute path/],
      [{ HostConfig: { Memory: 1000 } }, /6MB/],
      [
        { HostConfig: { AutoRemove: true, RestartPolicy: { Name: 'always' } } },
        /can't create 'AutoRemove'/,
      ],
      [{ HostConfig: { RestartPolicy: { Name: 'bogus' } } }, /unknown policy 'bogus'/],
      [
        { HostConfig: { RestartPolicy: { Name: 'always', MaximumRetryCount: 3 } } },
        /can only be used with 'on-failure'/,
      ],
      [
        { HostConfig: { RestartPolicy: { Name: 'always', Delay: -1 } as never } },
        /Delay must be a whole number and not negative/,
      ],
      [{ HostConfig: { PidMode: 'bogus' } }, /HostConfig.PidMode "bogus"/],
      [{ HostConfig: { UTSMode: 'container:x' } }, /UTSMode/],
      [{ HostConfig: { NanoCpus: 1e9, CpuQuota: 1000 } }, /conflicting options/],
      [{ HostConfig: { ExtraHosts: ['up'] } }, /"up" is not NAME:ADDRESS/],
      [{ HostConfig: { ExtraHosts: ['up:nowhere'] } }, /"nowhere" is no IP address/],
      [{ HostConfig: { Memory: 9e6, MemorySwap: 8e6 } }, /memoryswap/],
    ];
    for (const [options, message] of wrong) {
      expect(() => checkOptions(options)).to.throw(message);
    }
  });

  it('checks names as Docker does, and makes one where none is given', () => {
    expect(checkContainerName('/todo-web-1')).to.equal('todo-web-1');
    for (const name of ['a', 'en e1', '-x1', '../x', '.hidden']) {
      expect(() => checkContainerName(name), name).to.throw(/invalid container name/);
    }
    expect(defaultContainerName('localhost:5000/a/busy_box:1.36', '0123456789')).to.equal(
      'busy_box-01234567',
    );
  });

  it('reads port bindings, with "any free port" as 0', () => {
    expect(
      publishedPorts(
        {
          '80/tcp': [
            { HostIp: '', HostPort: '8080' },
            { HostIp: '127.0.0.1', HostPort: 8081 },
          ],
          '53/udp': [],
        },
        { '80/tcp': {}, '90': {} },
        true,
      ),
    ).to.deep.equal([
      { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80 },
      { protocol: 'tcp', hostIp: '::', hostPort: 8080, containerPort: 80 },
      { protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 8081, containerPort: 80 },
      { protocol: 'udp', hostIp: '0.0.0.0', hostPort: 0, containerPort: 53 },
      { protocol: 'udp', hostIp: '::', hostPort: 0, containerPort: 53 },
      { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 0, containerPort: 90 },
      { protocol: 'tcp', hostIp: '::', hostPort: 0, containerPort: 90 },
    ]);
    expect(publishedPorts({ '80': [{}] }, {}, false, ['0.0.0.0'])).to.have.length(1);
    const bind = (key: string, entry: object) => () =>
      publishedPorts({ [key]: [entry] }, {}, false);
    expect(bind('80/tcp', { HostPort: '99999' })).to.throw('invalid port specification: "99999"');
    expect(bind('80/sctp', {})).to.throw(/sctp/);
    expect(bind('80', { HostPort: '1', Bogus: 1 })).to.throw(/unknown key "Bogus"/);
    expect(bind('80', { HostIp: 'localhost' })).to.throw(/no IP address/);
  });

  it('turns nanoseconds of a healthcheck into milliseconds, with the defaults of Docker', () => {
    expect(runtimeHealthcheck({ Test: ['CMD', 'true'], Interval: 1e9 }, undefined)).to.deep.equal({
      test: ['CMD', 'true'],
      retries: 3,
      intervalMs: 1000,
      timeoutMs: 30_000,
      startPeriodMs: 0,
      startIntervalMs: 5000,
    });
    expect(runtimeHealthcheck({ Test: ['NONE'] }, undefined)).to.equal(null);
    expect(runtimeHealthcheck(undefined, undefined)).to.equal(null);
    expect(
      runtimeHealthcheck({ Test: ['CMD-SHELL', 'x y'] }, ['/bin/ash', '-c'])?.test,
    ).to.deep.equal(['CMD', '/bin/ash', '-c', 'x y']);
    expect(() => runtimeHealthcheck({ Test: ['curl', 'x'] }, undefined)).to.throw(/"curl"/);
    expect(() => runtimeHealthcheck({ Test: ['CMD', 'x'], Interval: 5 }, undefined)).to.throw(
      /1ms/,
    );
  });

  it('reads log rotation, and refuses drivers that send lines elsewhere', () => {
    expect(
      logRotation({ Type: 'json-file', Config: { 'max-size': '1.5m', 'max-file': '2' } }),
    ).to.include({ driver: 'cri', maxSizeBytes: 1572864, maxFiles: 2 });
    expect(() => logRotation({ Type: 'syslog' })).to.throw(/"syslog" is not supported/);
    expect(() => logRotation({ Type: 'local', Config: { labels: 'x' } })).to.throw(/"labels"/);
  });

  it('translates limits, with as much swap as memory', () => {
    expect(
      runtimeResources({ Memory: 100, NanoCpus: 1.5e9, PidsLimit: 0, MemorySwappiness: -1 }),
    ).to.deep.equal({ memoryBytes: 100, memorySwapBytes: 200, cpus: 1.5 });
  });

  it('knows signals by name and by number', () => {
    expect(['SIGTERM', 'term', '15', 'SIGRTMIN+3', 'RTMAX'].map(signalName)).to.deep.equal([
      'SIGTERM',
      'SIGTERM',
      'SIGTERM',
      '37',
      '64',
    ]);
    for (const name of ['SIGFOO', '0', '65', 'RTMIN+40']) {
      expect(() => signalName(name), name).to.throw(/invalid signal/);
    }
  });
});
