import { configLabel, type ObservedContainer } from '../compose/plan/index.ts';
import { humanDuration } from '../core/index.ts';
import type { ContainerInfo } from '../engine/index.ts';
import { goTimestamp } from './text/go-timestamp.ts';
import { truncateText } from './text/truncate.ts';

/** Columns of `compose ps`. */
export const containerTableHeader = [
  'NAME',
  'IMAGE',
  'COMMAND',
  'SERVICE',
  'CREATED',
  'STATUS',
  'PORTS',
];

const commandWidth = 20;

/** One row under {@link containerTableHeader}. */
export function containerRow(
  { name, service, info }: ObservedContainer,
  nowMs: number,
  truncate: boolean,
): string[] {
  return [
    name,
    info.Image,
    quotedCommand(info, truncate),
    service,
    createdAgo(info, nowMs),
    info.Status,
    formatPorts(info.Ports),
  ];
}

/** One object of `compose ps --format json`, keys and shapes as Docker Compose's. */
export function containerJson(
  container: ObservedContainer,
  nowMs: number,
): Record<string, unknown> {
  const { id, name, service, project, state, info } = container;
  return {
    Command: quotedCommand(info, true),
    CreatedAt: goTimestamp(info.Created * 1000),
    ExitCode: exitCodeOf(info),
    Health: /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(info.Status)?.[1] ?? '',
    ID: id.slice(0, 12),
    Image: info.Image,
    // Our own label holds JSON with commas, which would break those who split this text.
    Labels: Object.entries(info.Labels)
      .filter(([key]) => key !== configLabel)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    LocalVolumes: String((info.Mounts ?? []).filter(({ Type }) => Type === 'volume').length),
    Mounts: (info.Mounts ?? []).map(({ Name, Source }) => Name ?? Source).join(','),
    Name: name,
    Names: name,
    Networks: Object.keys(info.NetworkSettings?.Networks ?? {}).join(','),
    Ports: formatPorts(info.Ports),
    Project: project,
    Publishers: publishers(info.Ports),
    RunningFor: createdAgo(info, nowMs),
    Service: service,
    Size: '0B',
    State: state,
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

/** `"sh -c 'echo hi; sle…"`, as both listings have it. */
export function quotedCommand({ Command }: ContainerInfo, truncate: boolean): string {
  return `"${truncate ? truncateText(Command, commandWidth) : Command}"`;
}

function createdAgo({ Created }: ContainerInfo, nowMs: number): string {
  return `${humanDuration(nowMs - Created * 1000)} ago`;
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
