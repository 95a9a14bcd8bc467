import { configLabel, type ObservedContainer } from '../compose/plan/index.ts';
import { humanDuration } from '../core/index.ts';
import type { ContainerInfo } from '../engine/index.ts';
import type { Listing, ListingRow } from './listing/index.ts';
import { goTimestamp } from './text/go-timestamp.ts';
import { truncateText } from './text/truncate.ts';

/** `compose ps`. */
export const projectListing: Listing = {
  titles: {
    ID: 'CONTAINER ID',
    Name: 'NAME',
    Image: 'IMAGE',
    Command: 'COMMAND',
    Service: 'SERVICE',
    Project: 'PROJECT',
    CreatedAt: 'CREATED AT',
    RunningFor: 'CREATED',
    Status: 'STATUS',
    State: 'STATE',
    Health: 'HEALTH',
    ExitCode: 'EXIT CODE',
    Ports: 'PORTS',
    Publishers: 'PUBLISHERS',
    Names: 'NAMES',
    Labels: 'LABELS',
    Mounts: 'MOUNTS',
    LocalVolumes: 'LOCAL VOLUMES',
    Networks: 'NETWORKS',
    Size: 'SIZE',
  },
  table: ['Name', 'Image', 'Command', 'Service', 'RunningFor', 'Status', 'Ports'],
};

/** One row under {@link projectListing}, fields and shapes as Docker Compose's. */
export function projectRow(
  { id, name, service, project, state, info }: ObservedContainer,
  nowMs: number,
  truncate: boolean,
): ListingRow {
  return {
    ...containerFields(info, nowMs, truncate),
    ExitCode: exitCodeOf(info),
    Health: /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(info.Status)?.[1] ?? '',
    ID: truncate ? id.slice(0, 12) : id,
    Name: name,
    Names: name,
    Project: project,
    Publishers: publishers(info.Ports),
    Service: service,
    State: state,
  };
}

/** The fields that both programs' listings of containers have. */
export function containerFields(info: ContainerInfo, nowMs: number, truncate: boolean): ListingRow {
  // Our own label holds JSON with commas, which would break those who split this text.
  const labels = Object.entries(info.Labels).filter(([key]) => key !== configLabel);
  return {
    Command: quotedCommand(info, truncate),
    CreatedAt: goTimestamp(info.Created * 1000),
    Image: info.Image,
    Label: (key: unknown) => info.Labels[String(key)] ?? '',
    Labels: labels.map(([key, value]) => `${key}=${value}`).join(','),
    LocalVolumes: String((info.Mounts ?? []).filter(({ Type }) => Type === 'volume').length),
    Mounts: (info.Mounts ?? []).map(({ Name, Source }) => Name ?? Source).join(','),
    Networks: Object.keys(info.NetworkSettings?.Networks ?? {}).join(','),
    Ports: formatPorts(info.Ports),
    RunningFor: `${humanDuration(nowMs - info.Created * 1000)} ago`,
    Size: '0B',
    Status: info.Status,
  };
}

/** `0.0.0.0:32768->80/tcp, 3306/tcp`, neighbouring ports as ranges. */
export function formatPorts(ports: ContainerInfo['Ports'] | undefined): string {
  const sorted = [...(ports ?? [])].sort(
    (a, b) =>
      a.PrivatePort - b.PrivatePort ||
      compareText(a.Type, b.Type) ||
      compareText(a.IP ?? '', b.IP ?? ''),
  );
  return sorted
    .map(({ IP, PublicPort, PrivatePort, Type }) => {
      if (!PublicPort) return `${PrivatePort}/${Type}`;
      const address = IP?.includes(':') ? `[${IP}]` : (IP ?? '');
      return `${address}:${PublicPort}->${PrivatePort}/${Type}`;
    })
    .join(', ');
}

/** Exit code as the engine's status line tells it, which saves an inspection per container. */
export function exitCodeOf({ Status }: Pick<ContainerInfo, 'Status'>): number {
  return Number(/^(?:Exited|Restarting) \((\d+)\)/.exec(Status)?.[1] ?? 0);
}

const commandWidth = 20;

/** `"sh -c 'echo hi; sle…"`, as both listings have it. */
function quotedCommand({ Command }: ContainerInfo, truncate: boolean): string {
  return `"${truncate ? truncateText(Command, commandWidth) : Command}"`;
}

function publishers(ports: ContainerInfo['Ports'] | undefined) {
  return (ports ?? []).map(({ IP, PrivatePort, PublicPort, Type }) => ({
    URL: IP ?? '',
    TargetPort: PrivatePort,
    PublishedPort: PublicPort ?? 0,
    Protocol: Type,
  }));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
