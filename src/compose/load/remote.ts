/** True for an address that Compose would fetch with git or from a registry. */
export function isRemoteFile(path: string): boolean {
  return (
    /^(oci|git|ssh|https?):\/\//.test(path) ||
    /^git@[^/]+:/.test(path) ||
    /^github\.com\//.test(path)
  );
}
