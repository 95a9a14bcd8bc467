import { existsSync } from 'node:fs';

/**
 * Whether the network namespace of this process has an interface of this name. `/sys/class/net` would show that of whoever has
 * mounted `/sys`.
 */
export function hasInterface(name: string): boolean {
  return existsSync(`/proc/sys/net/ipv4/conf/${name}`);
}
