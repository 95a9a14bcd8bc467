/**
 * A project as text: the JSON and the YAML that `config` prints, in Docker Compose's shape, order and quoting,
 * and the hash of a service that it prints with `--hash`.
 */
export { compareKeys } from './compare-keys.ts';
export { plainJson, projectJson } from './project-json.ts';
export { plainYaml, projectYaml } from './project-yaml.ts';
export { serviceHash } from './service-hash.ts';
export { stringScalar } from './yaml-scalar.ts';
