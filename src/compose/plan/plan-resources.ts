import type { Network, Volume } from '../model/index.ts';
import { canonicalResource, configHash } from './canonical-config.ts';
import { defined } from './container/translation.ts';
import {
  composeVersion,
  configHashLabel,
  networkLabel,
  projectLabel,
  versionLabel,
  volumeLabel,
} from './labels.ts';
import type { PlanBuilder } from './plan.ts';
import type { PlanInput } from './plan-input.ts';

/** What becomes of the networks and volumes that the planned services use. */
export interface ResourceOperations {
  /** Key → id of the operation that creates it; only for what has to be created. */
  readonly networks: ReadonlyMap<string, string>;
  readonly volumes: ReadonlyMap<string, string>;
}

/** Plans networks and volumes: those that are missing are created, external ones must exist. */
export function planResources(
  input: PlanInput,
  builder: PlanBuilder,
  used: { readonly networks: ReadonlySet<string>; readonly volumes: ReadonlySet<string> },
  replaced: ReadonlyMap<string, string>,
): ResourceOperations {
  const networks = new Map<string, string>();
  for (const key of [...used.networks].sort()) {
    const id = planNetwork(input, builder, key, replaced.get(key));
    if (id !== undefined) networks.set(key, id);
  }
  const volumes = new Map<string, string>();
  for (const key of [...used.volumes].sort()) {
    const id = planVolume(input, builder, key);
    if (id !== undefined) volumes.set(key, id);
  }
  return { networks, volumes };
}

/** The keys of networks that exist but were made from another definition: they must be made anew. */
export function changedNetworks(input: PlanInput, used: ReadonlySet<string>): string[] {
  return [...used].filter((key) => {
    const definition = input.project.networks?.[key];
    if (definition === undefined || definition.external) return false;
    const existing = input.observed.networks.find(({ name }) => name === definition.name);
    const hash = existing?.labels[configHashLabel];
    return hash !== undefined && hash !== configHash(canonicalResource(definition));
  });
}

function planNetwork(
  { project, observed, report }: PlanInput,
  builder: PlanBuilder,
  key: string,
  removal: string | undefined,
): string | undefined {
  const definition = project.networks?.[key];
  if (definition === undefined) return undefined;
  const { name } = definition;
  if (definition.external) {
    if (observed.externals.has(`network/${name}`)) return undefined;
    report({
      code: 'PROJECT_NETWORK_MISSING',
      path: ['networks', key],
      message: `network "${name}" is declared as external, but could not be found`,
    });
    return undefined;
  }
  const exists = observed.networks.some((network) => network.name === name);
  if (exists && removal === undefined) return undefined;
  return builder.add(
    {
      resource: { kind: 'Network', name },
      action: { kind: 'createNetwork', options: networkOptions(project.name, key, definition) },
      cause: removal === undefined ? 'no network yet' : 'its definition changed',
    },
    [removal],
  );
}

function networkOptions(project: string, key: string, definition: Network) {
  return defined({
    Name: definition.name,
    Driver: definition.driver,
    Options: definition.driver_opts,
    Internal: definition.internal,
    Attachable: definition.attachable,
    EnableIPv4: definition.enable_ipv4,
    EnableIPv6: definition.enable_ipv6,
    IPAM: ipam(definition),
    Labels: {
      ...definition.labels,
      [configHashLabel]: configHash(canonicalResource(definition)),
      [networkLabel]: key,
      [projectLabel]: project,
      [versionLabel]: composeVersion,
    },
  });
}

function ipam({ ipam: { driver, config } }: Network) {
  if (driver === undefined && (config === undefined || config.length === 0)) return undefined;
  return defined({
    Driver: driver ?? 'default',
    Config: config?.map(
      (pool) =>
        defined({
          Subnet: pool.subnet,
          Gateway: pool.gateway,
          IPRange: pool.ip_range,
          AuxiliaryAddresses: pool.aux_addresses,
          // AuxiliaryAddresses is a map on the wire; dockerode's type knows strings alone.
        }) as unknown as Record<string, string>,
    ),
  });
}

function planVolume(
  { project, observed, report }: PlanInput,
  builder: PlanBuilder,
  key: string,
): string | undefined {
  const definition = project.volumes?.[key];
  if (definition === undefined) return undefined;
  const { name } = definition;
  if (definition.external) {
    if (observed.externals.has(`volume/${name}`)) return undefined;
    report({
      code: 'PROJECT_VOLUME_MISSING',
      path: ['volumes', key],
      message: `external volume "${name}" not found`,
    });
    return undefined;
  }
  const hash = configHash(canonicalResource(definition));
  const existing = observed.volumes.find((volume) => volume.name === name);
  if (existing !== undefined) {
    const before = existing.labels[configHashLabel];
    if (before !== undefined && before !== hash) {
      builder.warn(
        `volume "${name}" exists but does not match the configuration in the compose file; it is kept with its data (\`down -v\` removes it)`,
      );
    }
    return undefined;
  }
  return builder.add({
    resource: { kind: 'Volume', name },
    action: {
      kind: 'createVolume',
      options: defined({
        Name: name,
        Driver: definition.driver,
        DriverOpts: definition.driver_opts,
        Labels: {
          ...(definition as Volume).labels,
          [configHashLabel]: hash,
          [projectLabel]: project.name,
          [versionLabel]: composeVersion,
          [volumeLabel]: key,
        },
      }),
    },
    cause: 'no volume yet',
  });
}
