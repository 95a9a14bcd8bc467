/** `2026-11-23 23:33:38 +0000 UTC`, Go's way to print a time, as JSON listings carry it. */
export function goTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;
}
