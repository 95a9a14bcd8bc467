/**
 * A container as the engine asks for it, everything resolved: absolute paths, bytes, milliseconds, addresses.
 * From it come config.json (`oci-spec.ts`) and shim.json (`shim-spec.ts`).
 */

/** Bytes, counts and kernel units as the OCI runtime-spec's `linux.resources` takes them; unset is unlimited. */
export interface RuntimeResources {
  readonly memoryBytes?: number;
  /** Memory and swap together; -1: swap unlimited. */
  readonly memorySwapBytes?: number;
  readonly memoryReservationBytes?: number;
  /** 0–100; cgroup v1 only. */
  readonly memorySwappiness?: number;
  readonly oomKillDisable?: boolean;
  /** Number of CPUs, `1.5`; becomes a quota. */
  readonly cpus?: number;
  readonly cpuShares?: number;
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs?: number;
  readonly cpuRealtimeRuntimeUs?: number;
  readonly cpuRealtimePeriodUs?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  /** -1: unlimited. */
  readonly pidsLimit?: number;
  readonly blkio?: RuntimeBlkio;
}

/** Block I/O limits; devices are paths on the host (`/dev/sda`). */
export interface RuntimeBlkio {
  readonly weight?: number;
  readonly weightDevice?: readonly { readonly path: string; readonly weight: number }[];
  readonly readBps?: readonly RuntimeThrottle[];
  readonly writeBps?: readonly RuntimeThrottle[];
  readonly readIops?: readonly RuntimeThrottle[];
  readonly writeIops?: readonly RuntimeThrottle[];
}

export interface RuntimeThrottle {
  readonly path: string;
  readonly rate: number;
}

/** One mount in the order in which it is made; a later one may stand inside an earlier one. */
export type RuntimeMount =
  | {
      readonly type: 'bind';
      /** Absolute, exists. */
      readonly source: string;
      readonly target: string;
      readonly readOnly?: boolean;
      /** `rprivate` when left out. */
      readonly propagation?: 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';
      /** `disabled`: the source without what is mounted below it. */
      readonly recursive?: 'enabled' | 'disabled' | 'writable' | 'readonly';
    }
  | {
      readonly type: 'tmpfs';
      readonly target: string;
      readonly sizeBytes?: number;
      /** Permission bits, `0o1777` when left out. */
      readonly mode?: number;
      readonly readOnly?: boolean;
      /** Further mount options: `noexec`, `uid=1000`. */
      readonly options?: readonly string[];
    };

/** A host device inside the container; major and minor are read by {@link writeBundle}. */
export interface RuntimeDevice {
  readonly source: string;
  readonly target: string;
  /** Of `r`, `w`, `m`. */
  readonly permissions: string;
}

/** Where a namespace comes from: its own, the host's, or that of process `path` (`/proc/<pid>/ns/ipc`). */
export type RuntimeNamespace =
  | { readonly kind: 'private' }
  | { readonly kind: 'host' }
  | { readonly kind: 'path'; readonly path: string };

/** One attachment to a bridge network; docs/on-disk-layout.md, shim.json. */
export interface RuntimeEndpoint {
  readonly network: string;
  /** `veth`, `macvlan-bridge`, `ipvlan-l2`, … */
  readonly link: string;
  /** The bridge, or the parent of a macvlan. */
  readonly bridge: string;
  readonly hostName: string;
  readonly interface: string;
  readonly address: string;
  readonly gateway: string | null;
  /** With its prefix length. */
  readonly address6: string | null;
  readonly gateway6: string | null;
  readonly mac: string | null;
  readonly mtu: number;
  readonly default: boolean;
  /** Reaches the bridge alone, no neighbour. */
  readonly isolated: boolean;
  /** What the packet filter has of the network; null: it is not there, or is not kept. */
  readonly rules: {
    readonly subnet: string;
    readonly subnet6: string | null;
    readonly internal: boolean;
    readonly masquerade: boolean;
    readonly masquerade6: boolean;
  } | null;
  /** Further addresses with prefix lengths. */
  readonly extraAddresses: readonly string[];
  /** Paths below `/proc/sys` and values, in turn. */
  readonly sysctls: readonly string[];
  /** `<run>/networks/<id>/zone`. */
  readonly zone: string;
  /** Service name, aliases, container name, short id. */
  readonly names: readonly string[];
}

/** One published port; `hostPort` 0 lets the kernel choose. */
export interface RuntimePort {
  readonly protocol: 'tcp' | 'udp';
  readonly hostIp: string;
  readonly hostPort: number;
  readonly address: string;
  readonly address6: string | null;
  readonly routed6: boolean;
  readonly containerPort: number;
}

export interface RuntimeNetwork {
  /** Table of nf_tables that published ports go to: `coracle`. */
  readonly table: string;
  readonly mode: 'bridge' | 'host' | 'none' | 'join';
  /** With `join`: the id whose namespace is shared. */
  readonly joinContainer?: string;
  readonly endpoints: readonly RuntimeEndpoint[];
  readonly ports: readonly RuntimePort[];
  /** Null: nothing answers on 127.0.0.11. */
  readonly resolver: {
    readonly upstreams: readonly string[];
    /** Addresses and names of the host itself, in turn. */
    readonly hosts: readonly string[];
  } | null;
  /** Names of this project come first; null: of none. */
  readonly project: string | null;
}

export interface RuntimeHealthcheck {
  /** `['CMD', …]` or `['CMD-SHELL', 'line']`. */
  readonly test: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
}

export interface RuntimeRestart {
  readonly policy: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  /** 0 is without end. */
  readonly maxRetries: number;
  /** Between an end and the next start; left out: 100 ms, doubled up to a minute. */
  readonly delayMs?: number;
  /** A run of this length succeeded, so that `maxRetries` begins anew; left out: it never does. */
  readonly windowMs?: number;
}

/** What {@link ociSpec} and {@link shimSpec} are made from. */
export interface RuntimeContainer {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** `todo-mysql-1`. */
  readonly name: string;
  /** Absolute path of another OCI runtime that makes the container. */
  readonly runtimeProgram?: string;
  /** Layer folders, topmost first. */
  readonly layers: readonly string[];
  /** Entrypoint and command, joined. */
  readonly args: readonly string[];
  /** `KEY=value`; PATH, HOSTNAME, TERM and HOME are added where they are missing, as Docker does. */
  readonly env: readonly string[];
  /** Only HOME is added to `env`. */
  readonly isEnvWhole?: boolean;
  /** Absolute; made if it does not exist. */
  readonly cwd: string;
  /** `''`, `uid`, `uid:gid`, `name`, `name:group`; names are looked up inside the container's root by the native side. */
  readonly user: string;
  /** Supplementary groups, names or numbers. */
  readonly groupAdd?: readonly string[];
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly privileged?: boolean;
  /** `no-new-privileges`, `seccomp=unconfined`, `seccomp=<path or JSON>`, `systempaths=unconfined`, `apparmor=…`, `label=…`. */
  readonly securityOpt?: readonly string[];
  readonly readOnlyRootfs?: boolean;
  readonly hostname?: string;
  readonly domainname?: string;
  /** Binds, volumes and tmpfs mounts, in order. hosts, hostname and resolv.conf are added by {@link ociSpec}. */
  readonly mounts: readonly RuntimeMount[];
  /** Whether the engine wrote `hosts`, `hostname` and `resolv.conf` into the container's folder to be mounted. */
  readonly etcFiles: {
    readonly hosts: boolean;
    readonly hostname: boolean;
    readonly resolvConf: boolean;
  };
  /** `/dev/shm`, 64 MiB when left out. */
  readonly shmSizeBytes?: number;
  readonly devices?: readonly RuntimeDevice[];
  /** `c 13:* rwm`. */
  readonly deviceCgroupRules?: readonly string[];
  readonly ulimits?: readonly {
    readonly name: string;
    readonly soft: number;
    readonly hard: number;
  }[];
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly resources?: RuntimeResources;
  readonly oomScoreAdj?: number;
  /** Parent of the container's cgroup; `/coracle` when left out. */
  readonly cgroupParent?: string;
  readonly cgroupNamespace?: RuntimeNamespace;
  readonly pidNamespace?: RuntimeNamespace;
  readonly ipcNamespace?: RuntimeNamespace;
  readonly utsNamespace?: RuntimeNamespace;
  /** Path of coracle-init on the host; set: it becomes pid 1 and starts `args`. */
  readonly initPath?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly tty?: boolean;
  readonly stdinOpen?: boolean;
  readonly stdinOnce?: boolean;
  /** It is ended when the process that started it ends, however that was. */
  readonly diesWithClient?: boolean;
  readonly network: RuntimeNetwork;
  /** Rotation of the log; `none` keeps no log. */
  readonly log: {
    readonly driver: 'cri' | 'none';
    readonly maxSizeBytes: number;
    readonly maxFiles: number;
    /** Old files, but the newest of them. */
    readonly compress?: boolean;
  };
  readonly restart: RuntimeRestart;
  readonly healthcheck: RuntimeHealthcheck | null;
  readonly stop: { readonly signal: string; readonly timeoutMs: number };
  readonly labels: Readonly<Record<string, string>>;
}
