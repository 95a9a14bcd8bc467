/**
 * Which keys of the compose file the runtime follows: the table for docs/compose-support.md, and the findings that
 * `up` reports from it. The planner's own table has the keys of a service.
 */

export { conflicts } from './conflicts.ts';
export { type SupportLevel, type SupportRow, supportTable } from './table.ts';
export { unsupported } from './unsupported.ts';
