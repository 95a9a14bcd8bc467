import type { ContainerInfo } from '../../engine/index.ts';
import type { KeptVolume } from './container/index.ts';
import {
  configFilesLabel,
  containerNumberLabel,
  dependsOnLabel,
  type LabelledDependency,
  networkLabel,
  oneoffLabel,
  parseDependsOnLabel,
  preStartLabel,
  projectLabel,
  rehearsalLabel,
  serviceLabel,
  volumeLabel,
} from './labels.ts';

export type ContainerState =
  | 'created'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'removing'
  | 'exited'
  | 'dead';

/** A container of a project as the engine lists it, its labels read. */
export interface ObservedContainer {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly service: string;
  /** Replica number; 0 for a one-off container. */
  readonly number: number;
  readonly oneoff: boolean;
  /** Left by a replacement that was interrupted: never started, but it may hold the old one's anonymous volumes. */
  readonly rehearsal: boolean;
  /** Runs a step of `pre_start`; what is left of it after its end is an interrupted or failed `up`'s. */
  readonly preStart: boolean;
  readonly state: ContainerState;
  readonly dependsOn: readonly LabelledDependency[];
  readonly labels: Readonly<Record<string, string>>;
  readonly anonymousVolumes: readonly KeptVolume[];
  /** The engine's own listing, for output. */
  readonly info: ContainerInfo;
}

/** A network or volume of the project. */
export interface ObservedResource {
  readonly name: string;
  /** Its key in the compose file. */
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What there is of a project, as its labels tell. */
export interface ObservedProject {
  readonly containers: readonly ObservedContainer[];
  readonly networks: readonly ObservedResource[];
  readonly volumes: readonly ObservedResource[];
  /** Names of networks and volumes outside the project that the file calls external and that exist. */
  readonly externals: ReadonlySet<string>;
  /** Image reference → id of the local image; missing where there is none. */
  readonly images: ReadonlyMap<string, string>;
  /** Whether the engine can change labels, limits and aliases of a container that is there. */
  readonly canUpdate: boolean;
}

/** Reads one entry of the engine's container list; `undefined` for a container of no project. */
export function observedContainer(info: ContainerInfo): ObservedContainer | undefined {
  const labels = info.Labels ?? {};
  const project = labels[projectLabel];
  const service = labels[serviceLabel];
  if (project === undefined || service === undefined) return undefined;
  return {
    id: info.Id,
    name: (info.Names[0] ?? info.Id).replace(/^\//, ''),
    project,
    service,
    number: Number(labels[containerNumberLabel] ?? 0),
    oneoff: labels[oneoffLabel] === 'True',
    rehearsal: labels[rehearsalLabel] !== undefined,
    preStart: labels[preStartLabel] !== undefined,
    state: info.State as ContainerState,
    dependsOn: parseDependsOnLabel(labels[dependsOnLabel]),
    labels,
    anonymousVolumes: (info.Mounts ?? []).flatMap(({ Type, Name, Destination }) =>
      Type === 'volume' && Name !== undefined && /^[0-9a-f]{64}$/.test(Name)
        ? [{ name: Name, target: Destination }]
        : [],
    ),
    info,
  };
}

/** Reads a network's or volume's entry of the engine's lists. */
export function observedResource(
  kind: 'network' | 'volume',
  entry: {
    readonly Name: string;
    readonly Labels?: Readonly<Record<string, string>> | null | undefined;
  },
): ObservedResource {
  const labels = entry.Labels ?? {};
  const key = labels[kind === 'network' ? networkLabel : volumeLabel];
  return { name: entry.Name, key: key ?? entry.Name, labels };
}

/** Compose files that a project's containers were made from. */
export function configFilesOf(containers: readonly ObservedContainer[]): string {
  return containers.map(({ labels }) => labels[configFilesLabel] ?? '').find(Boolean) ?? '';
}
