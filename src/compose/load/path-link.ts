/** A path as a chain: made for every value of a file, written out only for the few with a mistake. */
export interface PathLink {
  readonly key: string | number;
  readonly above: PathLink | undefined;
}

/** The path with dots: `services.web.ports.0`. */
export function pathText(path: PathLink | undefined): string {
  const keys: (string | number)[] = [];
  for (let link = path; link !== undefined; link = link.above) {
    keys.push(link.key);
  }
  return keys.reverse().join('.');
}
