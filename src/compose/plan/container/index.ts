/**
 * One service → the engine's create options, key by key. Pure: names, labels and the places of configs and secrets
 * on the host are passed in. A key that cannot be run is reported at its place.
 */
export { containerOptions, environmentList, type ReplicaFacts } from './container-options.ts';
export { stopTimeoutS } from './lifecycle.ts';
export type { KeptVolume } from './mounts.ts';
export { attachedNetworks } from './networking.ts';
export type { ReportDiagnostic, Translation } from './translation.ts';
