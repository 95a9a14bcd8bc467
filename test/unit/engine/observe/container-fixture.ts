import type { ContainerRecord } from '../../../../src/engine/container-record.ts';
import type { Candidate } from '../../../../src/engine/observe/container-filters.ts';

export const webId = `${'ab'.repeat(31)}01`;

/** A container on one network, running, with one published and one exposed port. */
export function candidate(
  record: Partial<ContainerRecord> = {},
  state: Partial<Candidate['state']> = {},
): Candidate {
  return {
    record: {
      version: 1,
      id: webId,
      name: 'todo-web-1',
      created: '2026-11-23T12:00:00.000000000Z',
      imageId: `sha256:${'1'.repeat(64)}`,
      config: {
        Hostname: webId.slice(0, 12),
        Domainname: '',
        User: '',
        AttachStdin: false,
        AttachStdout: false,
        AttachStderr: false,
        ExposedPorts: { '80/tcp': {}, '90/udp': {} },
        Tty: false,
        OpenStdin: false,
        StdinOnce: false,
        Env: [],
        Cmd: ['-c', 'serve all'],
        Image: 'todo/web',
        Volumes: null,
        WorkingDir: '',
        Entrypoint: ['sh'],
        OnBuild: null,
        Labels: { 'com.docker.compose.project': 'todo', tier: 'front' },
      },
      hostConfig: { NetworkMode: 'todo_default' },
      mounts: [
        {
          type: 'volume',
          source: '/data/volumes/todo_db/_data',
          volume: 'todo_db',
          target: '/db',
          readOnly: false,
          mode: '',
        },
      ],
      networkMode: { kind: 'bridge' },
      endpoints: [
        {
          networkId: 'c'.repeat(64),
          networkName: 'todo_default',
          bridge: 'cor-cccccccc',
          interface: 'eth0',
          hostName: 'cvabababab0',
          address: '10.200.0.2',
          prefixLength: 26,
          gateway: '10.200.0.1',
          mac: '02:42:0a:c8:00:02',
          mtu: 1500,
          isDefault: true,
          aliases: ['web'],
          gwPriority: 0,
          ipamConfig: null,
          links: [],
        },
      ],
      ports: [{ protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 0, containerPort: 80 }],
      ...record,
    },
    state: {
      version: 1,
      id: webId,
      status: 'running',
      pid: 42,
      pidStart: '1',
      shimPid: 40,
      shimStart: '1',
      exitCode: 0,
      oomKilled: false,
      error: '',
      startedAt: '2026-11-23T12:00:00.000000000Z',
      finishedAt: '0001-01-01T00:00:00Z',
      restartCount: 0,
      stoppedByUser: false,
      health: null,
      ports: [{ protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 49153, containerPort: 80 }],
      ...state,
    },
  };
}
