import type { VolumeInspectInfo } from '../../engine/index.ts';
import type { Listing, ListingRow } from './listing.ts';

/** `coracle volume ls` and `compose volumes`. */
export const volumeListing: Listing = {
  titles: {
    Name: 'VOLUME NAME',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    Mountpoint: 'MOUNTPOINT',
    Labels: 'LABELS',
    Links: 'LINKS',
    Size: 'SIZE',
    Availability: 'AVAILABILITY',
    Group: 'GROUP',
    Status: 'STATUS',
  },
  table: ['Driver', 'Name'],
};

/** The fields of Docker's `volume ls`, those of a swarm among them as it shows them without one. */
export function volumeRow({
  Name,
  Driver,
  Labels,
  Mountpoint,
  Scope,
}: VolumeInspectInfo): ListingRow {
  const labels = Object.entries(Labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    Availability: 'N/A',
    Driver,
    Group: 'N/A',
    Label: (key: unknown) => Labels?.[String(key)] ?? '',
    Labels: labels.map(([key, value]) => `${key}=${value}`).join(','),
    Links: 'N/A',
    Mountpoint,
    Name,
    Scope,
    Size: 'N/A',
    Status: 'N/A',
  };
}
