import { expect } from 'chai';
import { runtimeContainer } from '../../../../src/engine/create/runtime-container.ts';
import { candidate, webId } from '../observe/container-fixture.ts';

const surroundings = {
  roots: { data: '/data', run: '/run/coracle' },
  nativeBinary: '/opt/native/coracle-runtime',
  layers: ['/data/layers/top', '/data/layers/base'],
  upstreams: ['192.0.2.53'],
  pids: new Map([['other', 77]]),
};

describe('a record as the runtime takes it', () => {
  it('command, network, ports, names and defaults', () => {
    const { record } = candidate();
    const runtime = runtimeContainer(record, surroundings);
    expect(runtime).to.deep.include({
      id: webId,
      layers: surroundings.layers,
      args: ['sh', '-c', 'serve all'],
      cwd: '/',
      hostname: 'abababababab',
      healthcheck: null,
      restart: { policy: 'no', maxRetries: 0 },
      stop: { signal: 'SIGTERM', timeoutMs: 10_000 },
      labels: { ...record.config.Labels, image: 'todo/web' },
    });
    expect(runtime.network).to.deep.equal({
      table: 'coracle',
      mode: 'bridge',
      endpoints: [
        {
          network: 'c'.repeat(64),
          link: 'veth',
          bridge: 'cor-cccccccc',
          hostName: 'cvabababab0',
          interface: 'eth0',
          address: '10.200.0.2/26',
          gateway: '10.200.0.1',
          address6: null,
          gateway6: null,
          mac: '02:42:0a:c8:00:02',
          mtu: 1500,
          default: true,
          isolated: false,
          rules: null,
          extraAddresses: [],
          sysctls: [],
          zone: `/run/coracle/networks/${'c'.repeat(64)}/zone`,
          names: ['todo-web-1', 'web', 'abababababab'],
        },
      ],
      ports: [
        {
          protocol: 'tcp',
          hostIp: '0.0.0.0',
          hostPort: 0,
          containerPort: 80,
          address: '10.200.0.2',
          address6: null,
          routed6: false,
        },
      ],
      resolver: {
        upstreams: ['192.0.2.53'],
        hosts: ['10.200.0.1', 'host.docker.internal', '10.200.0.1', 'gateway.docker.internal'],
      },
      project: 'todo',
    });
  });

  it('what the host configuration asks for', () => {
    const { record } = candidate({
      networkMode: { kind: 'join', container: 'other' },
      endpoints: [],
      ports: [],
      hostConfig: {
        Init: true,
        PidMode: 'container:other',
        IpcMode: 'host',
        UTSMode: 'host',
        CapAdd: ['NET_ADMIN'],
        Privileged: false,
        ReadonlyRootfs: true,
        RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 4 },
        LogConfig: { Type: 'none', Config: {} },
        Devices: [{ PathOnHost: '/dev/fuse' }],
        Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
      },
    });
    const runtime = runtimeContainer(record, surroundings);
    expect(runtime).to.deep.include({
      initPath: '/opt/native/coracle-init',
      pidNamespace: { kind: 'path', path: '/proc/77/ns/pid' },
      ipcNamespace: { kind: 'host' },
      utsNamespace: { kind: 'host' },
      capAdd: ['NET_ADMIN'],
      readOnlyRootfs: true,
      restart: { policy: 'on-failure', maxRetries: 4 },
      devices: [{ source: '/dev/fuse', target: '/dev/fuse', permissions: 'rwm' }],
      ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
    });
    expect(runtime.log.driver).to.equal('none');
    const RestartPolicy = { Name: 'always', MaxAttempts: 2, Delay: 5e9, Window: 1.5e9 };
    expect(
      runtimeContainer({ ...record, hostConfig: { RestartPolicy } }, surroundings).restart,
    ).to.deep.equal({ policy: 'always', maxRetries: 2, delayMs: 5000, windowMs: 1500 });
    expect(runtime.network).to.deep.include({
      mode: 'join',
      joinContainer: 'other',
      resolver: null,
    });
    expect(runtime, 'the host would be renamed').not.to.have.property('hostname');
  });
});
