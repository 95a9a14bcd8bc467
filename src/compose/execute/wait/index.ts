/**
 * Waits: for the conditions of `depends_on`, and for `--wait`. Where there is a healthcheck it decides. Where there is none, ready
 * means that the process stays up and its ports listen inside its namespace; database servers must also greet.
 */
export { waitForCondition } from './wait-condition.ts';
export { WaitGroup } from './wait-group.ts';
