import type { Extensions } from './project.wire.ts';
import type { ByteCount, GoDuration, StringMap } from './service.wire.ts';

/** How many replicas, with which resources; the parts meant for Swarm alone are kept and not acted upon. */
export interface Deploy extends Extensions {
  readonly mode?: string;
  readonly replicas?: number;
  readonly labels?: StringMap;
  readonly update_config?: UpdateConfig;
  readonly rollback_config?: UpdateConfig;
  readonly resources?: Resources;
  readonly restart_policy?: RestartPolicy;
  readonly placement?: Placement;
  readonly endpoint_mode?: string;
}

export interface UpdateConfig extends Extensions {
  readonly parallelism?: number;
  readonly delay?: GoDuration;
  readonly failure_action?: string;
  readonly monitor?: GoDuration;
  readonly max_failure_ratio?: number;
  readonly order?: string;
}

export interface Resources extends Extensions {
  readonly limits?: ResourceSet;
  readonly reservations?: ResourceSet;
}

export interface ResourceSet extends Extensions {
  readonly cpus?: number;
  readonly memory?: ByteCount;
  readonly pids?: number;
  readonly devices?: readonly DeviceRequest[];
  readonly generic_resources?: readonly GenericResource[];
}

/** A device asked for by what it can do: `gpus`, `deploy.resources.reservations.devices`. */
export interface DeviceRequest extends Extensions {
  readonly capabilities?: readonly string[];
  readonly driver?: string;
  /** `-1` means all. */
  readonly count?: number;
  readonly device_ids?: readonly string[];
  readonly options?: StringMap;
}

export interface GenericResource extends Extensions {
  readonly discrete_resource_spec?: { readonly kind?: string; readonly value?: number };
}

export interface RestartPolicy extends Extensions {
  readonly condition?: string;
  readonly delay?: GoDuration;
  readonly max_attempts?: number;
  readonly window?: GoDuration;
}

export interface Placement extends Extensions {
  readonly constraints?: readonly string[];
  readonly preferences?: readonly { readonly spread?: string }[];
  readonly max_replicas_per_node?: number;
}
