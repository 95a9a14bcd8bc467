/** What systemd-resolved's stub forwards to is listed here. */
const resolvedUpstreams = '/run/systemd/resolve/resolv.conf';

/**
 * The text of the resolv.conf that names servers which can also be reached from elsewhere than the host's own loopback. Where
 * `/etc/resolv.conf` only names systemd-resolved's stub (127.0.0.53), that is the list behind the stub.
 * @param readFile returns undefined for a missing file.
 */
export function hostResolvConf(readFile: (path: string) => string | undefined): string {
  const own = readFile('/etc/resolv.conf') ?? '';
  if (!isStub(own)) return own;
  return readFile(resolvedUpstreams) ?? own;
}

function isStub(text: string): boolean {
  const servers = text.match(/^[ \t]*nameserver[ \t]+\S+/gm) ?? [];
  return servers.length > 0 && servers.every((line) => /127\.0\.0\.5[34]$/.test(line));
}
