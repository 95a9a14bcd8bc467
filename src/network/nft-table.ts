import { createHash } from 'node:crypto';

/**
 * Name of the nf_tables table (family inet) that belongs to a run folder. A folder that is not the usual one gets a table of its
 * own, so that tests and a second installation never touch each other's rules.
 * @param run absolute path, `StateRoots.run`.
 */
export function nftTable(run: string): string {
  if (run === '/run/coracle') return 'coracle';
  return `coracle-${createHash('sha256').update(run).digest('hex').slice(0, 8)}`;
}
