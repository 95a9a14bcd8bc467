import type { ContainerRecord } from '../container-record.ts';
import { defaultNetwork } from '../create/network-mode.ts';
import type { EngineContext } from '../engine-context.ts';
import type { StepRequest } from './run-step.ts';

/** BuildKit's; scripts that tell a build from a container look for it. */
const hostname = 'buildkitsandbox';
/** A step's whole output is wanted, so its log is never rotated. */
const largestLog = '1g';

/** The record of a step's container, as far as the bundle is made from it. Addresses come later. */
export function stepRecord(context: EngineContext, id: string, step: StepRequest): ContainerRecord {
  const isBridge = step.network !== 'host' && step.network !== 'none';
  return {
    version: 1,
    id,
    name: `build-${id.slice(0, 12)}`,
    created: context.timestamp(),
    imageId: '',
    config: {
      Hostname: hostname,
      Domainname: '',
      User: step.user,
      AttachStdin: false,
      AttachStdout: false,
      AttachStderr: false,
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      Env: [...step.env],
      Cmd: [...step.args],
      Image: '',
      Volumes: null,
      WorkingDir: step.cwd,
      // There is nothing to put in order: what an interrupted step has changed is thrown away.
      StopSignal: 'SIGKILL',
      StopTimeout: 0,
      Entrypoint: null,
      OnBuild: null,
      Labels: {},
    },
    hostConfig: {
      NetworkMode: step.network === 'default' ? defaultNetwork : step.network,
      ExtraHosts: [...step.extraHosts],
      Ulimits: step.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
      LogConfig: { Type: 'json-file', Config: { 'max-size': largestLog, 'max-file': '1' } },
      ...(step.shmSizeBytes === undefined ? {} : { ShmSize: step.shmSizeBytes }),
      ...(step.memoryBytes === undefined ? {} : { Memory: step.memoryBytes }),
      ...(step.insecure ? { Privileged: true } : {}),
    },
    mounts: step.mounts.map((mount) =>
      mount.type === 'bind'
        ? { ...mount, mode: '' }
        : {
            type: 'tmpfs',
            source: '',
            target: mount.target,
            readOnly: false,
            mode: '',
            // Programs of a build are often run from where they were built.
            options: [
              'exec',
              ...(mount.sizeBytes === undefined ? [] : [`size=${mount.sizeBytes}`]),
            ],
          },
    ),
    networkMode: { kind: isBridge ? 'bridge' : (step.network as 'host' | 'none') },
    endpoints: [],
    ports: [],
  };
}
