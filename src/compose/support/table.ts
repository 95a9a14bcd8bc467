/** How far the runtime follows a key. */
export type SupportLevel =
  /** Followed, but for what the reason says. */
  | 'partial'
  /** Kept in the model and without effect; `up` warns. */
  | 'no effect'
  /** `up` refuses the project. */
  | 'rejected';

export interface SupportRow {
  readonly level: SupportLevel;
  /** Completes "… `key`": a phrase in lower case. */
  readonly why: string;
  /** Values that the row is about; all when left out. */
  readonly applies?: (value: unknown) => boolean;
}

const swarm = 'means something to a Swarm cluster only';

/**
 * Keys below the level of a service's own (those are in the planner's table) that the runtime does not follow in full. `*`
 * is any name or list item. What is in neither table is followed in full. docs/compose-support.md is made from both.
 */
export const supportTable: Readonly<Record<string, SupportRow>> = {
  'services.*.build.cache_from': {
    level: 'partial',
    why: 'a name in a registry, `type=registry` and `type=local`; other kinds are an error when the service is built',
  },
  'services.*.build.cache_to': {
    level: 'partial',
    why: '`type=registry` and `type=local`; other kinds are an error when the service is built',
  },
  'services.*.build.isolation': {
    level: 'partial',
    why: 'exists on Windows only: anything but `default` is an error when the service is built',
  },
  'services.*.build.platforms': {
    level: 'partial',
    why: "this machine's own: another one, or several, is an error when the service is built",
  },
  'services.*.build.provenance': {
    level: 'partial',
    why: 'attestations are not made: anything but false is an error when the service is built',
  },
  'services.*.build.sbom': {
    level: 'partial',
    why: 'attestations are not made: anything but false is an error when the service is built',
  },
  'services.*.deploy.update_config': { level: 'no effect', why: swarm },
  'services.*.deploy.rollback_config': { level: 'no effect', why: swarm },
  'services.*.deploy.endpoint_mode': { level: 'no effect', why: swarm },
  'services.*.deploy.placement.constraints': { level: 'no effect', why: swarm },
  'services.*.deploy.placement.preferences': { level: 'no effect', why: swarm },
  'services.*.deploy.placement.max_replicas_per_node': { level: 'no effect', why: swarm },
  'services.*.deploy.resources.reservations.cpus': { level: 'no effect', why: swarm },
  'services.*.deploy.resources.reservations.generic_resources': { level: 'no effect', why: swarm },
  'services.*.ports.*.name': { level: 'no effect', why: 'is a note for people' },
  'services.*.ports.*.app_protocol': { level: 'no effect', why: 'is a note for people' },
  'services.*.ports.*.mode': {
    level: 'no effect',
    why: swarm,
    applies: (value) => value !== 'ingress',
  },
  'services.*.volumes.*.consistency': {
    level: 'no effect',
    why: 'means something to Docker Desktop only',
  },
  'networks.*.enable_ipv4': {
    level: 'rejected',
    why: 'every network carries IPv4',
    applies: (value) => value === false,
  },
  'networks.*.driver': {
    level: 'rejected',
    why: 'the drivers are bridge, macvlan and ipvlan; `network_mode` takes host and none',
    applies: (value) => !['bridge', 'default', 'macvlan', 'ipvlan'].includes(String(value)),
  },
  'networks.*.attachable': { level: 'no effect', why: swarm },
  'volumes.*.driver': {
    level: 'rejected',
    why: 'only the local driver is there',
    applies: (value) => value !== 'local',
  },
  'configs.*.template_driver': { level: 'rejected', why: swarm },
  'secrets.*.template_driver': { level: 'rejected', why: swarm },
  'secrets.*.driver': { level: 'rejected', why: 'there are no secret drivers' },
  'configs.*.labels': { level: 'no effect', why: swarm },
  'secrets.*.labels': { level: 'no effect', why: swarm },
};
