import { containerPaths, type StateRoots } from '../../state/index.ts';
import type { ContainerInspectInfo } from '../api.ts';
import type { Candidate } from './container-filters.ts';
import { commandLine } from './container-info.ts';
import { crashLoopOf } from './crash-loop.ts';
import { fullHostConfig } from './host-config-defaults.ts';
import { mountView } from './mount-view.ts';
import { containerNetworks, portMap } from './network-settings.ts';
import { hasProcess, isRunning } from './running.ts';

/** Everything about one container, in Docker's shape. */
export function inspectInfo({ record, state }: Candidate, roots: StateRoots): ContainerInspectInfo {
  const paths = containerPaths(roots, record.id);
  const [path = '', ...args] = commandLine(record.config);
  const live = hasProcess(state);
  const crashLoop = crashLoopOf(state, paths.log);
  const info = {
    Id: record.id,
    Created: record.created,
    Path: path,
    Args: args,
    State: {
      Status: state.status,
      Running: isRunning(state),
      Paused: state.status === 'paused',
      Restarting: state.status === 'restarting',
      OOMKilled: state.oomKilled,
      Dead: state.status === 'dead',
      Pid: live ? state.pid : 0,
      ExitCode: state.exitCode,
      Error: state.error,
      StartedAt: state.startedAt,
      FinishedAt: state.finishedAt,
      ...(state.health === null ? {} : { Health: health(state.health) }),
      ...(crashLoop === undefined
        ? {}
        : {
            CrashLoop: {
              Runs: crashLoop.runs,
              GaveUp: crashLoop.gaveUp,
              Reason: crashLoop.reason,
              LastLine: crashLoop.lastLine,
            },
          }),
    },
    Image: record.imageId,
    ResolvConfPath: `${paths.dir}/resolv.conf`,
    HostnamePath: `${paths.dir}/hostname`,
    HostsPath: `${paths.dir}/hosts`,
    LogPath: paths.log,
    Name: `/${record.name}`,
    RestartCount: state.restartCount,
    Driver: 'overlay',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: null,
    HostConfig: fullHostConfig(record),
    GraphDriver: {
      Name: 'overlay',
      Data: { ID: record.id, UpperDir: paths.upper, WorkDir: paths.work },
    },
    Mounts: record.mounts.map(mountView),
    Config: record.config,
    NetworkSettings: {
      SandboxID: live ? record.id : '',
      SandboxKey: live ? `/proc/${state.pid}/ns/net` : '',
      Ports: portMap(record, state),
      Networks: containerNetworks(record, state, true),
    },
  };
  // dockerode's type knows one graph driver's fields, and no null where Docker's API has it.
  return info as unknown as ContainerInspectInfo;
}

function health(state: NonNullable<Candidate['state']['health']>) {
  return {
    Status: state.status,
    FailingStreak: state.failingStreak,
    Log: state.log.map((entry) => ({
      Start: entry.start,
      End: entry.end,
      ExitCode: entry.exitCode,
      Output: entry.output,
    })),
  };
}
