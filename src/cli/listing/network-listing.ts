import type { NetworkInspectInfo } from '../../engine/index.ts';
import type { Listing, ListingRow } from './listing.ts';

/** `coracle network ls`. */
export const networkListing: Listing = {
  titles: {
    ID: 'NETWORK ID',
    Name: 'NAME',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    IPv4: 'IPV4',
    IPv6: 'IPV6',
    Internal: 'INTERNAL',
    Labels: 'LABELS',
    CreatedAt: 'CREATED AT',
  },
  table: ['ID', 'Name', 'Driver', 'Scope'],
};

/** The fields of Docker's `network ls`, all of them texts. @param isShort 12 digits of the id. */
export function networkRow(network: NetworkInspectInfo, isShort: boolean): ListingRow {
  const { EnableIPv4 = true } = network as { EnableIPv4?: boolean };
  const labels = Object.entries(network.Labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    CreatedAt: network.Created.replace('T', ' ').replace('Z', ' +0000 UTC'),
    Driver: network.Driver,
    ID: isShort ? network.Id.slice(0, 12) : network.Id,
    IPv4: String(EnableIPv4),
    IPv6: String(network.EnableIPv6),
    Internal: String(network.Internal),
    Label: (key: unknown) => network.Labels?.[String(key)] ?? '',
    Labels: labels.map(([key, value]) => `${key}=${value}`).join(','),
    Name: network.Name,
    Scope: network.Scope,
  };
}
