/**
 * Documents of the OCI image specification 1.1, as they stand in files and on the wire. Only what we
 * read or write; unknown fields are kept when a document is copied.
 */

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

/** Annotation keys of index.json. */
export const annotationKeys = {
  /** The name that `skopeo … oci:DIR:NAME` and `umoci --image DIR:NAME` look for: ours is the familiar one with its tag. */
  refName: 'org.opencontainers.image.ref.name',
  /** Fully qualified: `docker.io/library/mysql:8.0`. */
  fullName: 'io.containerd.image.name',
  /** Digest of the image's configuration, so that an id is found without reading every manifest. */
  imageId: 'coracle.image.id',
  /** Bytes of the layers' uncompressed archives, decimal. */
  size: 'coracle.image.size',
  /** Digest of what the name stands for at its registry, where that is an index. */
  sourceDigest: 'coracle.image.source-digest',
} as const;

export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
}

export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:<64 hex digits>` */
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
}

export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly manifests: readonly Descriptor[];
}

export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Docker's addition to the configuration; times in nanoseconds, 0 or missing: the default. */
export interface HealthcheckConfig {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

/** What a container of the image gets unless it says otherwise. */
export interface ExecutionConfig {
  readonly User?: string;
  /** Keys such as `8080/tcp`. */
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Volumes?: Readonly<Record<string, object>> | null;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly StopSignal?: string;
  readonly Healthcheck?: HealthcheckConfig;
  readonly OnBuild?: readonly string[] | null;
  readonly Shell?: readonly string[];
}

export interface HistoryEntry {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

export interface ImageConfig {
  /** RFC 3339. */
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly os: string;
  readonly config?: ExecutionConfig;
  readonly rootfs: {
    readonly type: 'layers';
    /** Lowest layer first. */
    readonly diff_ids: readonly string[];
  };
  readonly history?: readonly HistoryEntry[];
}
