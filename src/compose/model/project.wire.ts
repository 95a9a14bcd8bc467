/** The canonical project, in the shape and spelling of `config --format json`. */
import type { Service } from './service.wire.ts';

/** `x-…` keys: kept as written, never interpreted. */
export type Extensions = { readonly [key: `x-${string}`]: unknown };

/** A loaded project: short forms expanded, variables substituted, paths absolute, defaults filled in. */
export interface Project extends Extensions {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly networks?: Readonly<Record<string, Network>>;
  readonly volumes?: Readonly<Record<string, Volume>>;
  readonly configs?: Readonly<Record<string, Config>>;
  readonly secrets?: Readonly<Record<string, Secret>>;
  readonly models?: Readonly<Record<string, Model>>;
  /** `_` stands between the parts of the names of containers and images, as in Compose 1. No key of the file: `--compatibility`. */
  readonly compatibility?: boolean;
}

export interface Network extends Extensions {
  /** Name on the engine: `project_key` unless the file gives one. */
  readonly name: string;
  readonly driver?: string;
  readonly driver_opts?: Readonly<Record<string, string>>;
  readonly ipam: Ipam;
  readonly external?: boolean;
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly enable_ipv4?: boolean;
  readonly enable_ipv6?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Ipam extends Extensions {
  readonly driver?: string;
  readonly config?: readonly IpamPool[];
}

export interface IpamPool extends Extensions {
  readonly subnet?: string;
  readonly gateway?: string;
  readonly ip_range?: string;
  readonly aux_addresses?: Readonly<Record<string, string>>;
}

export interface Volume extends Extensions {
  readonly name: string;
  readonly driver?: string;
  readonly driver_opts?: Readonly<Record<string, string>>;
  readonly external?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Where a config's or secret's content comes from: exactly one of the sources, or `external`. */
export interface FileObject extends Extensions {
  readonly name: string;
  readonly file?: string;
  /** Name of the variable that holds the content. */
  readonly environment?: string;
  /** Inline content; `configs` only. */
  readonly content?: string;
  readonly external?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly driver?: string;
  readonly driver_opts?: Readonly<Record<string, string>>;
  readonly template_driver?: string;
}

export type Config = FileObject;
export type Secret = FileObject;

export interface Model extends Extensions {
  readonly name?: string;
  readonly model?: string;
  readonly context_size?: number;
  readonly runtime_flags?: readonly string[];
}
