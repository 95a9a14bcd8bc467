/**
 * Every key of a compose file with its type, in the order in which `config` prints them. A key that is not
 * here does not reach the project: the schema has refused it before.
 */
import {
  byteCount,
  count,
  type Decoder,
  duration,
  flag,
  float,
  integer,
  listOf,
  mapping,
  nullableMapping,
  optionalCount,
  optionalDuration,
  optionalFlag,
  optionalInteger,
  orElse,
  recordOf,
  resourcesOf,
  shape,
  text,
  textList,
} from './decoder.ts';
import {
  command,
  deviceCount,
  fileMode,
  healthcheckTest,
  hosts,
  multiOptions,
  optOut,
  sshKeys,
  ulimit,
} from './special.ts';

/** A mapping that is there even where the file does not name it. */
function always(decode: Decoder, context: () => unknown = () => ({})): Decoder {
  return orElse(decode, context);
}

const nullCommand = orElse(command, () => null);

const hookFields = {
  command: nullCommand,
  image: text,
  user: text,
  privileged: flag,
  working_dir: text,
  environment: nullableMapping,
  per_replica: flag,
};
const hook = shape(hookFields);

const fileReference = shape({
  source: text,
  target: text,
  uid: text,
  gid: text,
  mode: fileMode,
});

const deviceRequest = shape({
  capabilities: textList,
  driver: text,
  count: deviceCount,
  device_ids: textList,
  options: mapping,
});

const build = shape({
  context: text,
  dockerfile: text,
  dockerfile_inline: text,
  entitlements: textList,
  args: nullableMapping,
  provenance: text,
  sbom: text,
  ssh: sshKeys,
  labels: mapping,
  cache_from: textList,
  cache_to: textList,
  no_cache: flag,
  no_cache_filter: textList,
  additional_contexts: mapping,
  pull: flag,
  extra_hosts: hosts,
  isolation: text,
  network: text,
  target: text,
  secrets: listOf(fileReference),
  shm_size: byteCount,
  tags: textList,
  ulimits: recordOf(ulimit),
  platforms: textList,
  privileged: flag,
});

// Compose prints these keys of a list's items even where they are empty
const shownText = orElse(text, () => '');
const shownInteger = orElse(integer, () => 0);

const updateConfig = shape({
  parallelism: optionalCount,
  delay: duration,
  failure_action: text,
  monitor: duration,
  max_failure_ratio: float,
  order: text,
});

const resourceSet = shape({
  cpus: float,
  memory: byteCount,
  pids: integer,
  devices: listOf(deviceRequest),
  generic_resources: listOf(
    shape({ discrete_resource_spec: shape({ kind: shownText, value: shownInteger }) }),
  ),
});

const deploy = shape({
  mode: text,
  replicas: optionalInteger,
  labels: mapping,
  update_config: updateConfig,
  rollback_config: updateConfig,
  resources: always(shape({ limits: resourceSet, reservations: resourceSet })),
  restart_policy: shape({
    condition: text,
    delay: optionalDuration,
    max_attempts: optionalCount,
    window: optionalDuration,
  }),
  placement: always(
    shape({
      constraints: textList,
      preferences: listOf(shape({ spread: text })),
      max_replicas_per_node: count,
    }),
  ),
  endpoint_mode: text,
});

const develop = shape({
  watch: listOf(
    shape({
      path: shownText,
      action: shownText,
      target: text,
      exec: always(hook, () => ({ command: null })),
      include: textList,
      ignore: textList,
      initial_sync: flag,
    }),
  ),
});

const rate = listOf(shape({ path: shownText, rate: orElse(byteCount, () => '0') }));

const mount = shape({
  type: text,
  source: text,
  target: text,
  read_only: flag,
  consistency: text,
  bind: shape({ selinux: text, propagation: text, create_host_path: flag, recursive: text }),
  volume: shape({ labels: mapping, nocopy: flag, subpath: text }),
  tmpfs: shape({ size: byteCount, mode: integer }),
  image: shape({ subpath: text }),
});

const serviceNetwork = shape({
  aliases: textList,
  driver_opts: mapping,
  gw_priority: integer,
  interface_name: text,
  ipv4_address: text,
  ipv6_address: text,
  link_local_ips: textList,
  mac_address: text,
  priority: integer,
});

const service = shape({
  profiles: textList,
  annotations: mapping,
  attach: optionalFlag,
  build,
  develop,
  blkio_config: shape({
    weight: integer,
    weight_device: listOf(shape({ path: shownText, weight: shownInteger })),
    device_read_bps: rate,
    device_read_iops: rate,
    device_write_bps: rate,
    device_write_iops: rate,
  }),
  cap_add: textList,
  cap_drop: textList,
  cgroup_parent: text,
  cgroup: text,
  cpu_count: integer,
  cpu_percent: float,
  cpu_period: integer,
  cpu_quota: integer,
  cpu_rt_period: integer,
  cpu_rt_runtime: integer,
  cpus: float,
  cpuset: text,
  cpu_shares: integer,
  command: nullCommand,
  configs: listOf(fileReference),
  container_name: text,
  credential_spec: shape({ config: text, file: text, registry: text }),
  depends_on: recordOf(
    shape({ condition: text, restart: flag, required: orElse(optionalFlag, () => false) }),
  ),
  deploy,
  device_cgroup_rules: textList,
  devices: listOf(shape({ source: text, target: text, permissions: text })),
  dns: textList,
  dns_opt: textList,
  dns_search: textList,
  domainname: text,
  entrypoint: nullCommand,
  provider: shape({ type: text, options: multiOptions }),
  environment: nullableMapping,
  env_file: listOf(shape({ path: text, required: optOut, format: text })),
  expose: textList,
  extends: shape({ file: text, service: text }),
  external_links: textList,
  extra_hosts: hosts,
  group_add: textList,
  gpus: listOf(deviceRequest),
  hostname: text,
  healthcheck: shape({
    test: healthcheckTest,
    timeout: optionalDuration,
    interval: optionalDuration,
    retries: optionalCount,
    start_period: optionalDuration,
    start_interval: optionalDuration,
    disable: flag,
  }),
  image: text,
  init: optionalFlag,
  ipc: text,
  isolation: text,
  labels: mapping,
  label_file: textList,
  links: textList,
  logging: shape({ driver: text, options: mapping }),
  mem_limit: byteCount,
  mem_reservation: byteCount,
  memswap_limit: byteCount,
  mem_swappiness: byteCount,
  mac_address: text,
  models: recordOf(shape({ endpoint_var: text, model_var: text })),
  network_mode: text,
  networks: recordOf(serviceNetwork),
  oom_kill_disable: flag,
  oom_score_adj: integer,
  pid: text,
  pids_limit: integer,
  platform: text,
  ports: listOf(
    shape({
      name: text,
      mode: text,
      host_ip: text,
      target: count,
      published: text,
      protocol: text,
      app_protocol: text,
    }),
  ),
  privileged: flag,
  pull_policy: text,
  pull_refresh_after: text,
  read_only: flag,
  restart: text,
  runtime: text,
  scale: optionalInteger,
  secrets: listOf(fileReference),
  security_opt: textList,
  shm_size: byteCount,
  stdin_open: flag,
  stop_grace_period: optionalDuration,
  stop_signal: text,
  storage_opt: mapping,
  sysctls: mapping,
  tmpfs: textList,
  tty: flag,
  ulimits: recordOf(ulimit),
  use_api_socket: flag,
  user: text,
  userns_mode: text,
  uts: text,
  volumes: listOf(mount),
  volumes_from: textList,
  working_dir: text,
  pre_start: listOf(hook),
  post_start: listOf(hook),
  pre_stop: listOf(hook),
});

const network = shape({
  name: text,
  driver: text,
  driver_opts: mapping,
  ipam: always(
    shape({
      driver: text,
      config: listOf(
        shape({ subnet: text, gateway: text, ip_range: text, aux_addresses: mapping }),
      ),
      options: mapping,
    }),
  ),
  external: flag,
  internal: flag,
  attachable: flag,
  labels: mapping,
  enable_ipv4: optionalFlag,
  enable_ipv6: optionalFlag,
});

const volume = shape({
  name: text,
  driver: text,
  driver_opts: mapping,
  external: flag,
  labels: mapping,
});

const fileObject = shape({
  name: text,
  file: text,
  environment: text,
  content: text,
  external: flag,
  labels: mapping,
  driver: text,
  driver_opts: mapping,
  template_driver: text,
});

/** The whole file. */
export const projectShape = shape({
  name: text,
  services: orElse(recordOf(service), () => ({})),
  networks: resourcesOf(network),
  volumes: resourcesOf(volume),
  secrets: resourcesOf(fileObject),
  configs: resourcesOf(fileObject),
  models: recordOf(
    shape({ name: text, model: text, context_size: integer, runtime_flags: textList }),
  ),
});
