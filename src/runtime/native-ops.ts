/**
 * The requests of native/PROTOCOL.md and their answers, as types. Wire spelling, as both sides read it.
 */

/** A published port as it is really bound. */
export interface BoundPort {
  readonly protocol: 'tcp' | 'udp';
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

/** Operation name → request fields and answer. */
export interface NativeOps {
  hello: {
    request: { version: 1 };
    answer: { version: number; cgroup: 'v1' | 'v2'; features: string[] };
  };
  'container.start': {
    /** `sharesPids`: the container joins the host's or another container's pid namespace. */
    request: {
      dir: string;
      run: string;
      sharesPids: boolean;
      /** Somebody listens at `<run>/attach`, from before the first byte on. */
      attach?: { stdin: boolean };
    };
    answer: { pid: number; ports: BoundPort[] };
  };
  'container.control': { request: { run: string; request: ControlRequest }; answer: unknown };
  'container.delete': { request: { dir: string; run: string }; answer: Record<string, never> };
  'bridge.create': {
    request: {
      table: string;
      name: string;
      address: string;
      subnet: string;
      /** Empty where the network has no IPv6. */
      address6: string;
      subnet6: string;
      mtu: number;
      internal: boolean;
      /** Containers reach the bridge alone, not each other. */
      isolated: boolean;
      masquerade: boolean;
      masquerade6: boolean;
    };
    /** Chains of others that refuse what is forwarded and say nothing of our bridges; empty: none. */
    answer: { barriers: string };
  };
  'bridge.delete': {
    request: { table: string; name: string; subnet: string; subnet6: string };
    answer: Record<string, never>;
  };
  'volume.seed': {
    request: { lower: string[]; path: string; target: string };
    answer: Record<string, never>;
  };
  'files.sync': {
    request: {
      /** `<data>/containers/<id>` and `<run>/containers/<id>`. */
      dir: string;
      run: string;
      /** Folder of the host, folder of the container. */
      source: string;
      target: string;
      /** Not empty: one file; its name where `target` turns out to be a folder. */
      as: string;
      compare: boolean;
      sinceMs: number;
      /** Relative to `source`. */
      paths: string[];
    };
    /** Indices into `paths`. */
    answer: { written: number[]; removed: number[]; failed: NativeFailure[]; failures: number };
  };
  'tree.remove': { request: { path: string }; answer: Record<string, never> };
}

/** What the shim's control socket understands (native/PROTOCOL.md). */
export type ControlRequest =
  | { op: 'state' }
  | { op: 'signal'; signal: string; final?: boolean }
  | { op: 'stop'; signal?: string; timeoutMs?: number; shutdown?: boolean }
  | { op: 'restart'; signal?: string; timeoutMs?: number }
  | { op: 'wait'; condition: 'exit' | 'next-exit' | 'health' }
  | { op: 'pause' }
  | { op: 'resume' }
  | { op: 'reload' }
  | { op: 'resize'; rows: number; columns: number };

/** A failure as the native side reports it. */
export interface NativeFailure {
  readonly stage: string;
  readonly op: string;
  readonly path: string;
  readonly errno: number;
  readonly errnoName: string;
  readonly message: string;
}
