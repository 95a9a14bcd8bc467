/** `network_mode` of a service, or `HostConfig.NetworkMode`. */
export type NetworkMode =
  | { readonly kind: 'default' | 'host' | 'none' }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'container'; readonly container: string }
  | { readonly kind: 'network'; readonly network: string };

/** Reads a mode; `bridge` is Docker's default network and means ours. An empty text is the default too. */
export function parseNetworkMode(text: string): NetworkMode {
  if (text === '' || text === 'default' || text === 'bridge') return { kind: 'default' };
  if (text === 'host' || text === 'none') return { kind: text };
  const [, kind, name] = /^(service|container):(.+)$/.exec(text) ?? [];
  if (kind === 'service' && name !== undefined) return { kind, service: name };
  if (kind === 'container' && name !== undefined) return { kind, container: name };
  return { kind: 'network', network: text };
}
