/**
 * A plan: what will be done, why, and in which order; nothing of how. It is plain data, so it can be
 * printed, stored and compared, and holding one gives no way to act.
 */
import type {
  ContainerCreateOptions,
  ContainerUpdate,
  NetworkCreateOptions,
  VolumeCreateOptions,
} from '../../engine/index.ts';
import type { HookCommand, HookPhase } from './hooks.ts';
import type { ProvidedCopy } from './provided-files.ts';

export type ResourceKind = 'Network' | 'Volume' | 'Container' | 'Image' | 'File' | 'Layer';

/** What an operation acts on; `Container todo-mysql-1` in progress lines. */
export interface Resource {
  readonly kind: ResourceKind;
  readonly name: string;
}

/** What must hold before dependants go on. */
export type WaitCondition =
  /** The healthcheck reports healthy; without one it is an error. */
  | 'healthy'
  /** Ended with code 0. */
  | 'completed'
  /** `up --wait`: healthy where there is a healthcheck, else running or ended with code 0. */
  | 'ready';

/**
 * One call on the engine (a recreation: the three that belong together). Containers are named by name
 * where the plan itself creates them, by id where they exist.
 */
export type Action =
  /** Images come before a plan is run: these two stand in plans that are shown. */
  | { readonly kind: 'pullImage' | 'buildImage'; readonly image: string }
  | { readonly kind: 'createNetwork'; readonly options: NetworkCreateOptions }
  | { readonly kind: 'createVolume'; readonly options: VolumeCreateOptions }
  /** Writes a config's or secret's content where a container will mount it from. */
  | { readonly kind: 'provideFile'; readonly copy: ProvidedCopy }
  | { readonly kind: 'createContainer'; readonly options: ContainerCreateOptions }
  | {
      readonly kind: 'recreateContainer';
      readonly container: string;
      readonly timeoutS?: number;
      readonly options: ContainerCreateOptions;
    }
  /** What changes while it runs: labels, limits, restart policy, aliases. */
  | {
      readonly kind: 'updateContainer';
      readonly container: string;
      readonly update: ContainerUpdate;
    }
  | { readonly kind: 'startContainer'; readonly container: string }
  /** A command inside the container, right after its start or right before its stop. */
  | {
      readonly kind: 'runHook';
      readonly container: string;
      readonly phase: HookPhase;
      readonly command: HookCommand;
    }
  | {
      readonly kind: 'stopContainer';
      readonly container: string;
      readonly timeoutS?: number;
      /** With the machine: its restart policy stays in force. */
      readonly shutdown?: boolean;
    }
  | { readonly kind: 'restartContainer'; readonly container: string; readonly timeoutS?: number }
  | { readonly kind: 'killContainer'; readonly container: string; readonly signal: string }
  | { readonly kind: 'pauseContainer'; readonly container: string }
  | { readonly kind: 'unpauseContainer'; readonly container: string }
  | {
      readonly kind: 'removeContainer';
      readonly container: string;
      readonly anonymousVolumes: boolean;
      readonly force: boolean;
    }
  | { readonly kind: 'removeNetwork'; readonly network: string }
  | { readonly kind: 'removeVolume'; readonly volume: string }
  | { readonly kind: 'removeImage'; readonly image: string }
  | {
      readonly kind: 'waitFor';
      readonly container: string;
      readonly service: string;
      readonly condition: WaitCondition;
      /** `required: false`: a failure is a warning and dependants go on. */
      readonly optional: boolean;
    }
  /** Nothing to do; listed so that the output says so. */
  | { readonly kind: 'keepContainer'; readonly container: string };

/** One step of a plan. */
export interface Operation {
  /** `#1`, `#2`, … in plan order; a step only ever needs earlier ones. */
  readonly id: string;
  readonly resource: Resource;
  /** The service that a container belongs to. */
  readonly service?: string;
  readonly action: Action;
  /** Why: `no container yet`, `environment.TZ: "UTC" → "CET" (compose.yaml:14:7)`. */
  readonly cause: string;
  /** Ids of the operations that must have succeeded before. */
  readonly needs: readonly string[];
  /** Ids of those that must be over before, however they ended: `required: false`. */
  readonly after?: readonly string[];
}

/** What a command is going to do to one project. */
export interface Plan {
  readonly project: string;
  readonly operations: readonly Operation[];
  /** Said to the user before anything is done, such as orphans that stay. */
  readonly warnings: readonly string[];
}

/** True where running the plan changes something. */
export function planChanges(plan: Plan): boolean {
  return plan.operations.some(
    ({ action }) => action.kind !== 'keepContainer' && action.kind !== 'waitFor',
  );
}

/** Collects operations and numbers them. */
export class PlanBuilder {
  readonly #project: string;
  readonly #operations: Operation[] = [];
  readonly #warnings: string[] = [];

  constructor(project: string) {
    this.#project = project;
  }

  /** Adds a step after those that it needs and returns its id; unknown or repeated needs are left out. */
  add(
    operation: Omit<Operation, 'id' | 'needs' | 'after'>,
    needs: Iterable<string | undefined> = [],
    after: Iterable<string | undefined> = [],
  ): string {
    const id = `#${this.#operations.length + 1}`;
    const soft = distinct(after);
    this.#operations.push({
      id,
      ...operation,
      needs: distinct(needs),
      ...(soft.length === 0 ? {} : { after: soft }),
    });
    return id;
  }

  warn(message: string): void {
    this.#warnings.push(message);
  }

  build(): Plan {
    return { project: this.#project, operations: this.#operations, warnings: this.#warnings };
  }
}

function distinct(ids: Iterable<string | undefined>): string[] {
  return [...new Set(ids)].filter((id): id is string => id !== undefined);
}
