import type { AskOptions } from '../image/index.ts';
import type { StateRoots } from '../state/index.ts';
import type { LintWarning } from './lint/lint-warning.ts';
import type { ProgressSink } from './progress.ts';

/** Where a build's files come from. */
export type ContextSource =
  | { readonly kind: 'folder'; readonly path: string }
  /** `https://host/repo.git#ref:folder`, `git@host:repo.git`. */
  | { readonly kind: 'git'; readonly url: string }
  /** A tar archive: a file's path, or an open descriptor. */
  | { readonly kind: 'archive'; readonly archive: string | number }
  /** An archive, or a Dockerfile alone, to be fetched by HTTP. */
  | { readonly kind: 'url'; readonly url: string }
  /** An image of the store, or one to pull; as a named context only. */
  | { readonly kind: 'image'; readonly reference: string }
  /** An image of an OCI image layout in a folder, by tag or digest; as a named context only. */
  | {
      readonly kind: 'oci-layout';
      readonly path: string;
      readonly tag?: string;
      readonly digest?: string;
    };

/** What a step gets mounted. */
export type StepMount =
  | {
      readonly type: 'bind';
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
    }
  | { readonly type: 'tmpfs'; readonly target: string; readonly sizeBytes?: number };

/** One RUN instruction, everything resolved. */
export interface StepSpec {
  /** Folders, topmost first. */
  readonly layers: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: string;
  readonly mounts: readonly StepMount[];
  /** `default`, `none`, `host`, or a network's name. */
  readonly network: string;
  /** `name:address`. */
  readonly extraHosts: readonly string[];
  readonly shmSizeBytes?: number;
  readonly ulimits: readonly {
    readonly name: string;
    readonly soft: number;
    readonly hard: number;
  }[];
  /** All capabilities, no system call filter. */
  readonly insecure: boolean;
  readonly memoryBytes?: number;
  readonly onOutput: (stream: 'stdout' | 'stderr', text: Uint8Array, partial: boolean) => void;
  readonly signal?: AbortSignal;
  /** New folder that gets what the step has changed, if it ends with exit code 0. */
  readonly upper: string;
}

/** Runs a step in a container of its own. @returns its exit code. */
export type RunStep = (spec: StepSpec) => Promise<{ readonly exitCode: number }>;

/** A secret's content: of a file, or as it is. */
export type SecretSource = (
  | { readonly kind: 'file'; readonly path: string }
  /** With the variable of the environment that it comes from. */
  | { readonly kind: 'value'; readonly value: string; readonly variable?: string }
) & {
  /** Of the file that a step gets, unless its mount says otherwise: 0, 0 and 0400. */
  readonly uid?: number;
  readonly gid?: number;
  readonly mode?: number;
};

/** Where steps' results are kept for other machines: under a name in a registry, or in a folder (an OCI image layout) under a tag. */
export type CachePlace =
  | { readonly kind: 'registry'; readonly reference: string }
  | { readonly kind: 'folder'; readonly path: string; readonly tag: string };

/** Where a build's steps are written to once it has succeeded. */
export interface CacheTarget {
  readonly place: CachePlace;
  /** `min`: the steps of the image; `max`: those of every stage that was built. */
  readonly mode: 'min' | 'max';
  /** A failure is shown, and the build has succeeded nonetheless. */
  readonly ignoreError: boolean;
}

/** What building one image depends on. */
export interface BuildOptions {
  readonly context: ContextSource;
  /** A file, relative to the context unless absolute; or its text. `Dockerfile` where left out. */
  readonly dockerfile?:
    | { readonly kind: 'path'; readonly path: string }
    | { readonly kind: 'inline'; readonly text: string; readonly name: string };
  readonly args?: Readonly<Record<string, string>>;
  /** A stage's name or number; the last one where left out. */
  readonly target?: string;
  /** Named contexts, which win over stages and images of the same name. */
  readonly contexts?: Readonly<Record<string, ContextSource>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Names of the image, `NAME[:TAG]`. */
  readonly tags?: readonly string[];
  readonly secrets?: Readonly<Record<string, SecretSource>>;
  /** By id: the path of an agent's socket, or of a key. */
  readonly ssh?: Readonly<Record<string, string>>;
  readonly network?: string;
  readonly extraHosts?: readonly string[];
  readonly shmSizeBytes?: number;
  readonly ulimits?: StepSpec['ulimits'];
  readonly memoryBytes?: number;
  /** True: no step is taken from the cache; names: none of these stages. */
  readonly noCache?: boolean | readonly string[];
  /** Base images are pulled also where they are in the store. */
  readonly pull?: boolean;
  /** Caches to take steps from, after the machine's own. */
  readonly cacheFrom?: readonly CachePlace[];
  readonly cacheTo?: readonly CacheTarget[];
  readonly entitlements?: ReadonlySet<string>;
  /** Every RUN has all rights. */
  readonly privileged?: boolean;
  /** `linux/amd64`; this machine's where left out. */
  readonly platform?: string;
  readonly onProgress?: ProgressSink;
  readonly signal?: AbortSignal;
}

/** What builds of one process share. */
export interface BuilderOptions {
  readonly roots: StateRoots;
  /** Absolute path of coracle-runtime. */
  readonly native: string;
  readonly runStep: RunStep;
  /** Fetches an image into the store; left out where there is no way to. */
  readonly pullImage?: (reference: string, signal?: AbortSignal) => Promise<void>;
  /** How registries with build caches are reached. */
  readonly registry: Omit<AskOptions, 'signal'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that only go up, for durations. */
  readonly monotonicMs: () => number;
  /** Of it, proxies are read, and PATH for git. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** An image that was built. */
export interface BuiltImage {
  /** `sha256:…`, digest of its configuration. */
  readonly id: string;
  /** Familiar, with tags. */
  readonly references: readonly string[];
  /** Digest of its manifest. */
  readonly manifestDigest: string;
  /** What its Dockerfile probably does not mean. */
  readonly warnings: readonly LintWarning[];
}
