import type { ObservedContainer } from '../observed.ts';

/** One container that a service has, or will have when the plan has run. */
export interface Replica {
  readonly name: string;
  /** Replica number. */
  readonly number: number;
  /** Name where the plan creates it, id where it stays. */
  readonly container: string;
  /** The operation after which it exists as the file asks; none where it does already. */
  readonly created?: string;
  /** Whether it runs before the plan and goes on running. */
  readonly kept: boolean;
  readonly observed?: ObservedContainer;
  /** The operation after which it runs and its `post_start` hooks are over. */
  started?: string;
  /** The operation that says that it runs already. */
  announced?: string;
}

/** What of a one-off container is the caller's. */
export interface OneOffFacts {
  readonly name: string;
  readonly withAliases: boolean;
  readonly withPorts: boolean;
}
