/**
 * Bridge networks: records, subnets, addresses, who holds a port. What happens in the kernel (bridges, veth pairs,
 * nf_tables) is native/src/net.h, reached through two native operations.
 *
 * createNetwork: read options → choose a subnet that neither the host nor another network uses → write the record → publish
 * it by its name → bridge. A container's start calls {@link ensureBridge}; its creation {@link reserveEndpoint}, its
 * removal {@link releaseEndpoint}.
 *
 * Invariants: a network exists while `<data>/network-names/<name>` points to its id; no two networks overlap; an address
 * has at most one holder, for the container's whole life; the MAC follows from the address.
 */

export {
  type AddressPool,
  checkOverlap,
  chooseSubnet,
  parseAddressPools,
  type TakenSubnet,
} from './address-pools.ts';
export { type NetworkRequest, readCreateOptions } from './create-options.ts';
export { type DriverSettings, driverSettings } from './driver-options.ts';
export {
  type EndpointRequest,
  forgetAddress,
  heldAddresses,
  hostLinkName,
  type ReservedEndpoint,
  releaseEndpoint,
  reserveEndpoint,
} from './endpoints.ts';
export { hasInterface } from './host-interfaces.ts';
export { hostResolvConf } from './host-resolv-conf.ts';
export { hostSubnets } from './host-routes.ts';
export { type ConnectedContainer, type NetworkView, networkView } from './inspect.ts';
export { sweepNetworkFolders } from './network-folders.ts';
export { type NetworkMode, parseNetworkMode } from './network-mode.ts';
export {
  findNetwork,
  listNetworks,
  type NetworkRecord,
  networkByName,
  networkPaths,
  readNetwork,
} from './network-record.ts';
export {
  type BridgeOps,
  createNetwork,
  ensureBridge,
  type NetworkContext,
  removeNetwork,
} from './networks.ts';
export { nftTable } from './nft-table.ts';
export {
  findPortOwner,
  type HostPort,
  type PortOwner,
  type PublishingContainer,
  parseHostPort,
  portTaken,
} from './port-owner.ts';
