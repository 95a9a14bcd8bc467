import { expect } from 'chai';
import type { Service } from '../../../../src/compose/model/index.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';
import { makeProject, planUpOn } from '../../../support/plan-fixture.ts';

/** The create options of the one container of service `web`, as plain data. */
async function optionsOf(web: Partial<Service>, others: Record<string, Partial<Service>> = {}) {
  const engine = new FakeEngine();
  engine.addImage('tiny');
  const project = makeProject({ web, ...others }, { volumes: { data: { name: 'todo_data' } } });
  const { plan, findings } = await planUpOn(engine, project);
  const create = plan.operations.find(
    ({ action, service }) => action.kind === 'createContainer' && service === 'web',
  );
  if (create?.action.kind !== 'createContainer') throw new Error('no container is created');
  return { options: create.action.options as Record<string, never>, findings };
}

async function hostConfigOf(web: Partial<Service>): Promise<Record<string, unknown>> {
  return (await optionsOf(web)).options.HostConfig as unknown as Record<string, unknown>;
}

describe('container options of a service', () => {
  it('carry the labels of Docker Compose', async () => {
    const { options } = await optionsOf(
      {
        labels: { tier: 'front' },
        depends_on: { db: { condition: 'service_healthy', required: true, restart: true } },
      },
      { db: {} },
    );
    const labels = options.Labels as unknown as Record<string, string>;
    expect(labels).to.include({
      tier: 'front',
      'com.docker.compose.project': 'todo',
      'com.docker.compose.service': 'web',
      'com.docker.compose.container-number': '1',
      'com.docker.compose.oneoff': 'False',
      'com.docker.compose.project.working_dir': '/home/dev/todo',
      'com.docker.compose.project.config_files': '/home/dev/todo/compose.yaml',
      'com.docker.compose.depends_on': 'db:service_healthy:true',
      'com.docker.compose.image': `sha256:${'a'.repeat(64)}`,
    });
    expect(labels['com.docker.compose.config-hash']).to.match(/^[0-9a-f]{64}$/);
  });

  it('answer to the service name and the container name on each network', async () => {
    const { options } = await optionsOf({ networks: { default: { aliases: ['www'] } } });
    expect(options.NetworkingConfig).to.deep.equal({
      EndpointsConfig: { todo_default: { Aliases: ['todo-web-1', 'web', 'www'] } },
    });
  });

  it('name a seccomp profile by its absolute path, from the folder of the file', async () => {
    const host = await hostConfigOf({
      security_opt: ['seccomp:./a.json', 'seccomp=b.json', 'seccomp=/c.json', 'seccomp:unconfined'],
    });
    expect(host.SecurityOpt).to.deep.equal([
      'seccomp:/home/dev/todo/a.json',
      'seccomp=/home/dev/todo/b.json',
      'seccomp=/c.json',
      'seccomp:unconfined',
    ]);
  });

  it('translate ports, with a free one where none is published', async () => {
    const host = await hostConfigOf({
      ports: [
        { target: 80, published: '8080', host_ip: '127.0.0.1', protocol: 'tcp' },
        { target: 80 },
        { target: 53, protocol: 'udp', published: '5353' },
      ],
    });
    expect(host.PortBindings).to.deep.equal({
      '80/tcp': [
        { HostIp: '127.0.0.1', HostPort: '8080' },
        { HostIp: '', HostPort: '' },
      ],
      '53/udp': [{ HostIp: '', HostPort: '5353' }],
    });
  });

  it('translate mounts of all kinds', async () => {
    const host = await hostConfigOf({
      volumes: [
        {
          type: 'bind',
          source: '/src',
          target: '/app',
          read_only: true,
          bind: { create_host_path: false },
        },
        { type: 'volume', source: 'data', target: '/data', volume: { nocopy: true } },
        { type: 'volume', target: '/scratch' },
        { type: 'tmpfs', target: '/run', tmpfs: { size: '1048576', mode: 0o1777 } },
      ],
    });
    expect(host.Mounts).to.deep.equal([
      {
        Type: 'bind',
        Source: '/src',
        Target: '/app',
        ReadOnly: true,
        BindOptions: { CreateMountpoint: false },
      },
      { Type: 'volume', Source: 'todo_data', Target: '/data', VolumeOptions: { NoCopy: true } },
      { Type: 'volume', Target: '/scratch', VolumeOptions: {} },
      { Type: 'tmpfs', Target: '/run', TmpfsOptions: { SizeBytes: 1048576, Mode: 0o1777 } },
    ]);
  });

  it('give healthcheck times in nanoseconds and the stop timeout in seconds', async () => {
    const { options } = await optionsOf({
      healthcheck: { test: ['CMD', 'true'], interval: '1m30s', timeout: '500ms', retries: 3 },
      stop_grace_period: '1m0.5s',
    });
    expect(options.Healthcheck).to.deep.equal({
      Test: ['CMD', 'true'],
      Interval: 90e9,
      Timeout: 500e6,
      Retries: 3,
    });
    expect(options.StopTimeout).to.equal(61);
  });

  it('put deploy limits over the service keys', async () => {
    const host = await hostConfigOf({
      cpus: 2,
      mem_limit: '104857600',
      deploy: { resources: { limits: { cpus: 0.5 }, reservations: { memory: '52428800' } } },
      ulimits: { nofile: { soft: 1024, hard: 2048 }, nproc: 64 },
    });
    expect(host).to.deep.include({
      NanoCpus: 500_000_000,
      Memory: 104857600,
      MemoryReservation: 52428800,
      Ulimits: [
        { Name: 'nofile', Soft: 1024, Hard: 2048 },
        { Name: 'nproc', Soft: 64, Hard: 64 },
      ],
    });
  });

  it('take the restart policy of deploy before restart', async () => {
    const rows: [Partial<Service>, object | undefined][] = [
      [{ restart: 'on-failure:3' }, { Name: 'on-failure', MaximumRetryCount: 3 }],
      [{ restart: 'always', deploy: { restart_policy: { condition: 'none' } } }, { Name: 'no' }],
      [{ deploy: { restart_policy: {} } }, { Name: 'always' }],
      [
        { deploy: { restart_policy: { max_attempts: 3, delay: '5s', window: '2m' } } },
        { Name: 'always', MaxAttempts: 3, Delay: 5e9, Window: 120e9 },
      ],
      [
        { deploy: { restart_policy: { condition: 'on-failure', max_attempts: 2 } } },
        { Name: 'on-failure', MaximumRetryCount: 2 },
      ],
    ];
    for (const [service, policy] of rows) {
      expect((await hostConfigOf(service)).RestartPolicy).to.deep.equal(policy);
    }
  });

  it('leave out environment keys that nobody gave a value', async () => {
    const { options } = await optionsOf({ environment: { A: '1', EMPTY: '', UNSET: null } });
    expect(options.Env).to.deep.equal(['A=1', 'EMPTY=']);
  });

  it('report every key that cannot be run, at its path', async () => {
    const { findings } = await optionsOf({
      gpus: [{ count: -1 }],
      deploy: { mode: 'global', restart_policy: { condition: 'sometimes' } },
      volumes: [{ type: 'npipe', source: 'x', target: '/x' }],
    });
    expect(findings.map(({ path }) => path.join('.'))).to.have.members([
      'services.web.gpus',
      'services.web.deploy.mode',
      'services.web.deploy.restart_policy.condition',
      'services.web.volumes.0.type',
    ]);
  });
});
