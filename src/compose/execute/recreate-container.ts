import type { ComposeEngine, ContainerCreateOptions } from '../../engine/index.ts';
import { oneoffLabel, rehearsalLabel } from '../plan/index.ts';

/**
 * Replaces a container by one made from `options`.
 *
 * Name, addresses and ports are free only once the old container is gone, and after that there is no way back. So the new one is
 * first created under a name of its own: whatever a creation can fail at (an image, a mount, an
 * address, a full disk) fails while the old container still runs.
 */
export async function recreateContainer(
  engine: ComposeEngine,
  oldId: string,
  options: ContainerCreateOptions,
  stop: { t?: number },
): Promise<void> {
  const old = engine.getContainer(oldId);
  const { NetworkSettings } = await old.inspect();
  const rehearsal = await engine.createContainer({
    ...withoutAddressesOf(options, NetworkSettings?.Networks ?? {}),
    name: `${oldId.slice(0, 12)}_${options.name ?? ''}`,
    // A kill in the middle leaves a container that is nobody's replica: the next `up` takes its volumes over and removes it.
    Labels: { ...options.Labels, [oneoffLabel]: 'True', [rehearsalLabel]: oldId },
  });
  let created = false;
  try {
    await old.stop(stop);
    // Its anonymous volumes stay: the plan has put those that are to be kept into the options.
    await old.remove({ force: true });
    await engine.createContainer(options);
    created = true;
  } finally {
    // Only now: until the new container exists it is the only one that says whose anonymous volumes those are.
    await rehearsal.remove({ v: created, force: true });
  }
}

/** An address that the old container holds is taken until it is gone; another one has to be free now. */
function withoutAddressesOf(
  options: ContainerCreateOptions,
  held: Readonly<Record<string, { IPAddress?: string; MacAddress?: string } | undefined>>,
): ContainerCreateOptions {
  const endpoints = options.NetworkingConfig?.EndpointsConfig;
  if (endpoints === undefined) return options;
  const free = Object.entries(endpoints).map(([network, endpoint]) => {
    const { IPAMConfig, MacAddress, ...rest } = endpoint;
    const address = IPAMConfig?.IPv4Address;
    const keepsAddress = address !== undefined && !heldAddresses(held).has(address);
    return [
      network,
      {
        ...rest,
        ...(keepsAddress ? { IPAMConfig } : {}),
        ...(MacAddress === undefined || MacAddress === held[network]?.MacAddress
          ? {}
          : { MacAddress }),
      },
    ];
  });
  return { ...options, NetworkingConfig: { EndpointsConfig: Object.fromEntries(free) } };
}

function heldAddresses(
  held: Readonly<Record<string, { IPAddress?: string; IPAMConfig?: unknown } | undefined>>,
): Set<string> {
  return new Set(
    Object.values(held).flatMap((endpoint) => {
      const asked = (endpoint?.IPAMConfig as { IPv4Address?: string } | null | undefined)
        ?.IPv4Address;
      // A stopped container shows no address, but holds the one that it asked for.
      return [endpoint?.IPAddress, asked].filter((address): address is string => Boolean(address));
    }),
  );
}
