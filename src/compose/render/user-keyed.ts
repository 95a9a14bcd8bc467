/** Mappings whose keys the user chooses: an `x-…` key there is one of them, not an extension. */
const userKeyed = new Set([
  'services',
  'networks',
  'volumes',
  'configs',
  'secrets',
  'models',
  'depends_on',
  'environment',
  'labels',
  'annotations',
  'args',
  'driver_opts',
  'options',
  'sysctls',
  'storage_opt',
  'ulimits',
  'additional_contexts',
  'aux_addresses',
]);

/**
 * True for the path of a mapping with keys of the user's. A user's key may be the name of such a mapping
 * (`services.labels`): directly below one, names mean nothing.
 */
export function isUserKeyed(path: readonly string[]): boolean {
  let result = false;
  for (const key of path) {
    if (key.startsWith('x-') && !result) {
      return true;
    }
    result = !result && userKeyed.has(key);
  }
  return result;
}
