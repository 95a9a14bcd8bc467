import { resolve } from 'node:path';
import type { ContainerCreateOptions } from '../../../engine/index.ts';
import type { Service } from '../../model/index.ts';
import type { ProvidedFiles } from '../provided-files.ts';
import { serviceOfMode } from '../service-reference.ts';
import { stopTimeoutS, translateHealthcheck, translateRestart } from './lifecycle.ts';
import { type KeptVolume, translateMounts } from './mounts.ts';
import { translateNetworking } from './networking.ts';
import { translateExposedPorts, translatePortBindings } from './ports.ts';
import { translateResources } from './resources.ts';
import { serviceKeys } from './supported-keys.ts';
import { defined, type Translation } from './translation.ts';

/** What of one container is not the service's but the replica's. */
export interface ReplicaFacts {
  readonly containerName: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly keptVolumes: readonly KeptVolume[];
  /** One-off containers answer to no service name, unless `--use-aliases`. */
  readonly withAliases: boolean;
  /** Standard input ends when the one who attached first leaves. */
  readonly stdinOnce: boolean;
  /** One-off containers publish no ports, unless `--service-ports`. */
  readonly withPorts: boolean;
}

/**
 * A service as the engine's create options. Every key of the service is either translated here, read by the
 * planner, or reported through `translation.unsupported`: none is dropped.
 */
export function containerOptions(
  translation: Translation,
  replica: ReplicaFacts,
  files: ProvidedFiles,
): ContainerCreateOptions {
  const { service } = translation;
  reportUnsupportedKeys(translation);
  const networking = translateNetworking(translation, replica.containerName, replica.withAliases);
  const options = defined({
    name: replica.containerName,
    platform: service.platform,
    Image: replica.image,
    Hostname: service.hostname,
    Domainname: service.domainname,
    User: service.user,
    Tty: service.tty,
    OpenStdin: service.stdin_open,
    StdinOnce: replica.stdinOnce ? true : undefined,
    Env: environmentList(service),
    Cmd: service.command ?? undefined,
    Entrypoint: service.entrypoint ?? undefined,
    Labels: { ...service.labels, ...replica.labels },
    WorkingDir: service.working_dir,
    ExposedPorts: translateExposedPorts(service),
    StopSignal: service.stop_signal,
    StopTimeout: stopTimeoutS(service),
    Healthcheck: translateHealthcheck(service.healthcheck),
    HostConfig: defined({
      NetworkMode: networking.networkMode,
      PortBindings: replica.withPorts ? translatePortBindings(service) : {},
      RestartPolicy: translateRestart(translation),
      Mounts: translateMounts(translation, files, replica.keptVolumes),
      ...hostSettings(translation),
      ...translateResources(service),
    }),
    NetworkingConfig: { EndpointsConfig: networking.endpoints },
  });
  // dockerode's types demand fields that the API makes optional (BindOptions.Propagation, Mounts.Source) and miss others.
  return options as unknown as ContainerCreateOptions;
}

/** `environment` as `KEY=value`; a value that nobody gave leaves the key out. */
export function environmentList(service: Pick<Service, 'environment'>): string[] {
  return Object.entries(service.environment ?? {}).flatMap(([key, value]) =>
    value === null ? [] : [`${key}=${value}`],
  );
}

function hostSettings(translation: Translation): Record<string, unknown> {
  const { service } = translation;
  return {
    CapAdd: service.cap_add,
    CapDrop: service.cap_drop,
    CgroupnsMode: service.cgroup,
    Dns: service.dns,
    DnsOptions: service.dns_opt,
    DnsSearch: service.dns_search,
    ExtraHosts: service.extra_hosts?.map((entry) => entry.replace('=', ':')),
    GroupAdd: service.group_add,
    Init: service.init,
    IpcMode: namespaceMode(translation, service.ipc),
    PidMode: namespaceMode(translation, service.pid),
    UTSMode: service.uts,
    UsernsMode: service.userns_mode,
    Privileged: service.privileged,
    ReadonlyRootfs: service.read_only,
    Runtime: service.runtime,
    SecurityOpt: service.security_opt?.map((option) => absoluteProfile(option, translation)),
    StorageOpt: service.storage_opt,
    Sysctls: service.sysctls,
    Tmpfs: temporaryFileSystems(service),
    VolumesFrom: service.volumes_from?.map((source) => volumesFrom(translation, source)),
    LogConfig:
      service.logging === undefined
        ? undefined
        : { Type: service.logging.driver ?? '', Config: service.logging.options ?? {} },
    Annotations: service.annotations,
  };
}

/** `seccomp:./profile.json` names a file beside the compose file, wherever the command is called. */
function absoluteProfile(option: string, { workingDir }: Translation): string {
  const [, key, profile = ''] = /^(seccomp[=:])(.+)$/s.exec(option) ?? [];
  const isPath = key !== undefined && !profileWords.has(profile) && !profile.startsWith('{');
  return isPath ? `${key}${resolve(workingDir, profile)}` : option;
}

/** Profiles that are no files. */
const profileWords = new Set(['unconfined', 'builtin', 'default']);

function namespaceMode({ containerOf }: Translation, mode: string | undefined): string | undefined {
  const service = serviceOfMode(mode);
  return service === undefined ? mode : `container:${containerOf(service)}`;
}

/** `/run:size=64m` → `{ "/run": "size=64m" }`. */
function temporaryFileSystems({ tmpfs }: Service): Record<string, string> | undefined {
  if (tmpfs === undefined) return undefined;
  return Object.fromEntries(
    tmpfs.map((entry) => {
      const [path = '', ...options] = entry.split(':');
      return [path, options.join(':')];
    }),
  );
}

/** `db:ro` → `todo-db-1:ro`; `container:x:ro` → `x:ro`. */
function volumesFrom({ containerOf }: Translation, source: string): string {
  const [name = '', ...rest] = source.split(':');
  return name === 'container' ? rest.join(':') : [containerOf(name), ...rest].join(':');
}

function reportUnsupportedKeys({ service, unsupported }: Translation): void {
  for (const key of Object.keys(service)) {
    if (key.startsWith('x-')) continue;
    const answer = serviceKeys[key as keyof typeof serviceKeys] ?? { reason: 'is not known' };
    if (typeof answer === 'object') unsupported([key], `"${key}" cannot be run: ${answer.reason}`);
  }
  if (service.deploy?.mode !== undefined && !service.deploy.mode.startsWith('replicated')) {
    unsupported(['deploy', 'mode'], `deploy mode "${service.deploy.mode}" needs a cluster`);
  }
  if (service.deploy?.resources?.reservations?.devices !== undefined) {
    unsupported(
      ['deploy', 'resources', 'reservations', 'devices'],
      'device requests are not supported yet',
    );
  }
}
