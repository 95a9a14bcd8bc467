/** One service in canonical form: every attribute of the compose file, each in its one long shape. */
import type { Build } from './build.wire.ts';
import type { Deploy, DeviceRequest } from './deploy.wire.ts';
import type { Develop, PreStartHook, ServiceHook } from './develop.wire.ts';
import type { ServiceMount } from './mount.wire.ts';
import type { Extensions } from './project.wire.ts';

/** A map of strings; a `null` value means "take it from the environment, else leave it out". */
export type NullableStringMap = Readonly<Record<string, string | null>>;
export type StringMap = Readonly<Record<string, string>>;

/** A byte count in decimal digits, as `config --format json` prints it. */
export type ByteCount = string;
/** A Go duration: `1m30s`. */
export type GoDuration = string;

export interface Service extends Extensions {
  readonly annotations?: StringMap;
  readonly attach?: boolean;
  readonly blkio_config?: BlkioConfig;
  readonly build?: Build;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly cgroup?: string;
  readonly cgroup_parent?: string;
  /** `null` or absent: the image's own; `[]`: none at all. */
  readonly command?: readonly string[] | null;
  readonly configs?: readonly FileReference[];
  readonly container_name?: string;
  readonly cpu_count?: number;
  readonly cpu_percent?: number;
  readonly cpu_period?: number;
  readonly cpu_quota?: number;
  readonly cpu_rt_period?: number;
  readonly cpu_rt_runtime?: number;
  readonly cpu_shares?: number;
  readonly cpus?: number;
  readonly cpuset?: string;
  readonly credential_spec?: CredentialSpec;
  readonly depends_on?: Readonly<Record<string, Dependency>>;
  readonly deploy?: Deploy;
  readonly develop?: Develop;
  readonly device_cgroup_rules?: readonly string[];
  readonly devices?: readonly DeviceMapping[];
  readonly dns?: readonly string[];
  readonly dns_opt?: readonly string[];
  readonly dns_search?: readonly string[];
  readonly domainname?: string;
  /** `null` or absent: the image's own; `[]`: none at all. */
  readonly entrypoint?: readonly string[] | null;
  /** Empty after loading unless environment resolution was switched off. */
  readonly env_file?: readonly EnvFile[];
  readonly environment?: NullableStringMap;
  readonly expose?: readonly string[];
  readonly extends?: { readonly service: string; readonly file?: string };
  readonly external_links?: readonly string[];
  /** `host=address` entries. */
  readonly extra_hosts?: readonly string[];
  readonly gpus?: readonly DeviceRequest[];
  readonly group_add?: readonly string[];
  readonly healthcheck?: Healthcheck;
  readonly hostname?: string;
  readonly image?: string;
  readonly init?: boolean;
  readonly ipc?: string;
  readonly isolation?: string;
  readonly label_file?: readonly string[];
  readonly labels?: StringMap;
  readonly links?: readonly string[];
  readonly logging?: Logging;
  readonly mac_address?: string;
  readonly mem_limit?: ByteCount;
  readonly mem_reservation?: ByteCount;
  readonly mem_swappiness?: ByteCount;
  /** `-1` means unlimited. */
  readonly memswap_limit?: ByteCount;
  readonly models?: Readonly<Record<string, ServiceModel | null>>;
  readonly network_mode?: string;
  readonly networks?: Readonly<Record<string, ServiceNetwork | null>>;
  readonly oom_kill_disable?: boolean;
  readonly oom_score_adj?: number;
  readonly pid?: string;
  readonly pids_limit?: number;
  readonly platform?: string;
  readonly ports?: readonly ServicePort[];
  readonly post_start?: readonly ServiceHook[];
  readonly pre_start?: readonly PreStartHook[];
  readonly pre_stop?: readonly ServiceHook[];
  readonly privileged?: boolean;
  readonly profiles?: readonly string[];
  readonly provider?: Provider;
  readonly pull_policy?: string;
  readonly pull_refresh_after?: string;
  readonly read_only?: boolean;
  readonly restart?: string;
  readonly runtime?: string;
  readonly scale?: number;
  readonly secrets?: readonly FileReference[];
  readonly security_opt?: readonly string[];
  readonly shm_size?: ByteCount;
  readonly stdin_open?: boolean;
  readonly stop_grace_period?: GoDuration;
  readonly stop_signal?: string;
  readonly storage_opt?: StringMap;
  readonly sysctls?: StringMap;
  readonly tmpfs?: readonly string[];
  readonly tty?: boolean;
  readonly ulimits?: Readonly<Record<string, Ulimit>>;
  readonly use_api_socket?: boolean;
  readonly user?: string;
  readonly userns_mode?: string;
  readonly uts?: string;
  readonly volumes?: readonly ServiceMount[];
  readonly volumes_from?: readonly string[];
  readonly working_dir?: string;
}

export interface BlkioConfig extends Extensions {
  readonly weight?: number;
  readonly weight_device?: readonly { readonly path: string; readonly weight: number }[];
  readonly device_read_bps?: readonly DeviceRate[];
  readonly device_read_iops?: readonly DeviceRate[];
  readonly device_write_bps?: readonly DeviceRate[];
  readonly device_write_iops?: readonly DeviceRate[];
}

export interface DeviceRate {
  readonly path: string;
  readonly rate: ByteCount;
}

export interface CredentialSpec extends Extensions {
  readonly config?: string;
  readonly file?: string;
  readonly registry?: string;
}

export type DependencyCondition =
  | 'service_started'
  | 'service_healthy'
  | 'service_completed_successfully';

export interface Dependency extends Extensions {
  readonly condition: DependencyCondition;
  /** False: a missing or disabled service is no error. */
  readonly required: boolean;
  /** True: this service restarts after an explicit restart of the dependency. */
  readonly restart?: boolean;
}

export interface DeviceMapping extends Extensions {
  readonly source: string;
  readonly target?: string;
  readonly permissions?: string;
}

export interface EnvFile {
  readonly path: string;
  readonly required?: boolean;
  readonly format?: string;
}

/** A service's use of a config or secret. */
export interface FileReference extends Extensions {
  readonly source: string;
  /** Path in the container; a bare name is below `/` (configs) or `/run/secrets` (secrets). */
  readonly target?: string;
  readonly uid?: string;
  readonly gid?: string;
  /** Octal digits. */
  readonly mode?: string;
}

export interface Healthcheck extends Extensions {
  readonly test?: readonly string[];
  readonly interval?: GoDuration;
  readonly timeout?: GoDuration;
  readonly start_period?: GoDuration;
  readonly start_interval?: GoDuration;
  readonly retries?: number;
  readonly disable?: boolean;
}

export interface Logging extends Extensions {
  readonly driver?: string;
  readonly options?: StringMap;
}

export interface ServiceModel extends Extensions {
  readonly endpoint_var?: string;
  readonly model_var?: string;
}

export interface ServiceNetwork extends Extensions {
  readonly aliases?: readonly string[];
  readonly driver_opts?: StringMap;
  readonly gw_priority?: number;
  readonly interface_name?: string;
  readonly ipv4_address?: string;
  readonly ipv6_address?: string;
  readonly link_local_ips?: readonly string[];
  readonly mac_address?: string;
  readonly priority?: number;
}

export interface ServicePort extends Extensions {
  readonly mode?: string;
  readonly target: number;
  /** A port or a range `8000-8010`; absent: any free one. */
  readonly published?: string;
  readonly protocol?: string;
  readonly host_ip?: string;
  readonly name?: string;
  readonly app_protocol?: string;
}

export interface Provider extends Extensions {
  readonly type: string;
  readonly options?: Readonly<Record<string, readonly string[]>>;
}

/** One number for both limits, or the pair, of which a missing one is 0. */
export type Ulimit = number | { readonly soft?: number; readonly hard?: number };
