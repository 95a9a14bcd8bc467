import { compilePatterns } from '../path-pattern.ts';

/**
 * How a value of a later file meets that of an earlier one. What no row names: mappings merge key by key,
 * lists append, anything else is replaced.
 */
export type MergeRule =
  /** The later value stands alone. */
  | 'replace'
  /** Both become lists (`KEY=value` for a mapping), then append; {@link uniqueRules} drops what is overridden. */
  | 'as-list'
  /** Like `as-list`, and an entry that is there already is not added again. */
  | 'as-list-once'
  /** A string stands for `{context: …}`, then key by key. */
  | 'build'
  /** A list of names stands for a mapping of names, then key by key. */
  | 'names'
  /** As `names`, a name alone meaning "started, required". */
  | 'depends-on'
  /** Options merge only where the driver is the same. */
  | 'logging'
  /** Address pools of the same subnet merge. */
  | 'ipam-config';

export const mergeRules = compilePatterns<MergeRule>({
  'networks.*.ipam.config': 'ipam-config',
  'networks.*.labels': 'as-list',
  'volumes.*.labels': 'as-list',
  'services.*.annotations': 'as-list',
  'services.*.build': 'build',
  'services.*.build.args': 'as-list',
  'services.*.build.additional_contexts': 'as-list',
  'services.*.build.extra_hosts': 'as-list-once',
  'services.*.build.labels': 'as-list',
  'services.*.command': 'replace',
  'services.*.depends_on': 'depends-on',
  'services.*.deploy.labels': 'as-list',
  'services.*.dns': 'as-list',
  'services.*.dns_opt': 'as-list',
  'services.*.dns_search': 'as-list',
  'services.*.entrypoint': 'replace',
  'services.*.env_file': 'as-list',
  'services.*.label_file': 'as-list',
  'services.*.environment': 'as-list',
  'services.*.extra_hosts': 'as-list-once',
  'services.*.healthcheck.test': 'replace',
  'services.*.labels': 'as-list',
  'services.*.volumes.*.volume.labels': 'as-list',
  'services.*.logging': 'logging',
  'services.*.models': 'names',
  'services.*.networks': 'names',
  'services.*.sysctls': 'as-list',
  'services.*.tmpfs': 'as-list',
  'services.*.ulimits.*': 'replace',
});

/** What makes two entries of a list the same one; the later takes the earlier's place. */
export type UniqueKey =
  /** The text before `=`. */
  | 'name'
  /** The path in the container. */
  | 'mount-target'
  | 'device-target'
  | 'config-target'
  | 'secret-target'
  | 'env-file-path'
  /** The port as written. */
  | 'expose'
  /** Address, published and target port, protocol. */
  | 'port';

export const uniqueRules = compilePatterns<UniqueKey>({
  'networks.*.labels': 'name',
  'networks.*.ipam.options': 'name',
  'services.*.annotations': 'name',
  'services.*.build.args': 'name',
  'services.*.build.additional_contexts': 'name',
  'services.*.build.tags': 'name',
  'services.*.build.labels': 'name',
  'services.*.cap_add': 'name',
  'services.*.cap_drop': 'name',
  'services.*.devices': 'device-target',
  'services.*.configs': 'config-target',
  'services.*.deploy.labels': 'name',
  'services.*.dns': 'name',
  'services.*.dns_opt': 'name',
  'services.*.dns_search': 'name',
  'services.*.environment': 'name',
  'services.*.env_file': 'env-file-path',
  'services.*.expose': 'expose',
  'services.*.labels': 'name',
  'services.*.links': 'name',
  'services.*.networks.*.aliases': 'name',
  'services.*.networks.*.link_local_ips': 'name',
  'services.*.ports': 'port',
  'services.*.profiles': 'name',
  'services.*.secrets': 'secret-target',
  'services.*.sysctls': 'name',
  'services.*.tmpfs': 'name',
  'services.*.volumes': 'mount-target',
  'volumes.*.labels': 'name',
});
