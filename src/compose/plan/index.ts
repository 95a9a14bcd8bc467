/**
 * Decides what a command will do and why. Pure: a plan is made from the loaded project and from what the engine's lists
 * say (`../observe`), nothing is read from the clock, the environment or the disk, and no engine is at hand, so making
 * one cannot change anything. `../execute` runs it.
 *
 * `planUp` compares the file with what is there; `planDown`, `planStart` and the others need no file, because names,
 * replica numbers and dependencies are in the containers' labels (labels.ts).
 *
 * A container is replaced when its image or its canonical configuration (canonical-config.ts) is not what it was made
 * from; that configuration is kept in a label, so the cause can name the key, its old and its new value.
 */
export { canonicalConfig, configHash } from './canonical-config.ts';
export { containerOptions, environmentList, stopTimeoutS } from './container/index.ts';
export { type HookCommand, type HookPhase, planHooks } from './hooks.ts';
export * from './labels.ts';
export { containerName, declaredReplicas, imageName, joinedName } from './names.ts';
export {
  type ContainerState,
  configFilesOf,
  type ObservedContainer,
  type ObservedProject,
  type ObservedResource,
  observedContainer,
  observedResource,
} from './observed.ts';
export {
  type Action,
  type Operation,
  type Plan,
  PlanBuilder,
  planChanges,
  type Resource,
  type ResourceKind,
  type WaitCondition,
} from './plan.ts';
export {
  type ContainersRequest,
  planBackwards,
  planForwards,
  planStart,
  planTogether,
  type StartPolicy,
} from './plan-containers.ts';
export { type DownRequest, planDown } from './plan-down.ts';
export type { PlanFinding, PlanInput, RecreatePolicy, UpRequest } from './plan-input.ts';
export { planRun, type RunRequest } from './plan-run.ts';
export { isAlive, planRemoval, planStop, type StopRequest } from './plan-stop.ts';
export { planSummary } from './plan-summary.ts';
export { planUp } from './plan-up.ts';
export { operationText, planToJson, printPlan } from './print-plan.ts';
export type { ProvidedCopy, ProvidedFiles } from './provided-files.ts';
export { replicaLabels } from './replica/replica-labels.ts';
export { withRestartedDependants } from './restarted-dependants.ts';
export { orderedServices } from './service-order.ts';
export { usedResources } from './used-resources.ts';
