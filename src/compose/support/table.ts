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
  'services.*.build': {
    level: 'partial',
    why: 'images are not built yet; the built image must be there',
  },
  'services.*.develop': { level: 'no effect', why: 'there is no `watch` command yet' },
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
  'networks.*.driver': {
    level: 'rejected',
    why: 'only the bridge driver is there',
    applies: (value) => value !== 'bridge' && value !== 'default',
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
