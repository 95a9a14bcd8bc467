import type { ContainerRecord } from '../container-record.ts';

/** The three files of `/etc` that are the container's own. */
export interface EtcFiles {
  readonly hosts: string;
  readonly hostname: string;
  readonly resolvConf: string;
}

/** What they are made from. */
export interface EtcSources {
  /** The host's `/etc/resolv.conf`. */
  readonly hostResolvConf: string;
  /** The host's `/etc/hosts`; used in mode host. */
  readonly hostHosts: string;
  /** Addresses of linked containers and the names that they have for this one. */
  readonly links: readonly { readonly address: string; readonly names: readonly string[] }[];
  /** Mode join: the files of the container whose network is shared. */
  readonly joined?: EtcFiles;
}

/** Where the resolver of a container listens, in its own network namespace. */
const resolverAddress = '127.0.0.11';

/** Docker's standard head of `/etc/hosts`. */
const localNames = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

/**
 * Writes the three files' contents. Addresses are reserved for as long as the container exists, so they are known before it
 * ever runs.
 */
export function etcFiles(record: ContainerRecord, sources: EtcSources): EtcFiles {
  const hostname = `${record.config.Hostname}\n`;
  if (sources.joined !== undefined) return sources.joined;
  if (record.networkMode.kind === 'host') {
    return {
      hosts: sources.hostHosts + extraHosts(record, '127.0.0.1'),
      hostname,
      resolvConf: hasDnsOptions(record)
        ? resolvConf(record, nameservers(sources.hostResolvConf))
        : sources.hostResolvConf,
    };
  }
  const own = record.endpoints.find(({ isDefault }) => isDefault) ?? record.endpoints[0];
  const links = sources.links.map(({ address, names }) => `${address}\t${names.join(' ')}\n`);
  const lines = record.endpoints
    .flatMap(({ address, address6 }) => (address6 ? [address, address6] : [address]))
    .map((address) => `${address}\t${hostNames(record.config).join(' ')}\n`);
  return {
    hosts: localNames + extraHosts(record, own?.gateway ?? null) + [...links, ...lines].join(''),
    hostname,
    resolvConf:
      record.networkMode.kind === 'none'
        ? sources.hostResolvConf
        : resolvConf(record, [resolverAddress], searchDomains(sources.hostResolvConf)),
  };
}

/** The nameservers that a container's resolver asks for what is not on its networks. */
export function upstreams(record: ContainerRecord, hostResolvConf: string): string[] {
  const own = (record.hostConfig.Dns ?? []) as string[];
  return own.length > 0 ? own : nameservers(hostResolvConf);
}

function hasDnsOptions({ hostConfig }: ContainerRecord): boolean {
  return [hostConfig.Dns, hostConfig.DnsSearch, hostConfig.DnsOptions].some(
    (list) => (list?.length ?? 0) > 0,
  );
}

function resolvConf(
  { hostConfig, networkMode }: ContainerRecord,
  servers: readonly string[],
  hostSearch: readonly string[] = [],
): string {
  const own = (hostConfig.Dns ?? []) as string[];
  // On a bridge network the answers come from our resolver, which forwards to HostConfig.Dns itself.
  const asked = networkMode.kind === 'bridge' || own.length === 0 ? servers : own;
  const search = hostConfig.DnsSearch?.length ? hostConfig.DnsSearch : hostSearch;
  const options = (hostConfig.DnsOptions ?? []) as string[];
  // Names of containers have no dots: without this, resolvers would try the search domains first.
  const all =
    networkMode.kind === 'bridge' && !options.some((option) => option.startsWith('ndots:'))
      ? [...options, 'ndots:0']
      : options;
  return [
    ...asked.map((server) => `nameserver ${server}\n`),
    search.length > 0 && search[0] !== '.' ? `search ${search.join(' ')}\n` : '',
    all.length > 0 ? `options ${all.join(' ')}\n` : '',
  ].join('');
}

function nameservers(text: string): string[] {
  return lineValues(text, 'nameserver');
}

function searchDomains(text: string): string[] {
  return lineValues(text, 'search').flatMap((line) => line.split(/\s+/));
}

function lineValues(text: string, keyword: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [word, ...rest] = line.trim().split(/\s+/);
    return word === keyword && rest.length > 0 ? [rest.join(' ')] : [];
  });
}

function hostNames(config: ContainerRecord['config']): string[] {
  const { Hostname, Domainname } = config;
  return Domainname === '' ? [Hostname] : [`${Hostname}.${Domainname}`, Hostname];
}

/** `HostConfig.ExtraHosts`: `name:address` or `name=address`; `host-gateway` is the host as seen from the container. */
function extraHosts({ hostConfig }: ContainerRecord, gateway: string | null): string {
  return ((hostConfig.ExtraHosts ?? []) as string[])
    .map((entry) => {
      const [, name, address] = /^([^:=]+)[:=](.*)$/.exec(entry) ?? [];
      const target = address === 'host-gateway' ? (gateway ?? '127.0.0.1') : address;
      return `${target?.replace(/^\[(.*)\]$/, '$1')}\t${name}\n`;
    })
    .join('');
}
