import { errorTable } from './entry.ts';

export const networkErrorCodes = errorTable({
  NETWORK_NAME_INVALID: {
    meaning: 'A network cannot have this name.',
    causes: ['a character other than letters, digits, `_`, `.` and `-`', 'an empty name'],
    hint: 'Begin with a letter or a digit, and use only letters, digits, `_`, `.` and `-`.',
    httpStatus: 400,
  },
  NETWORK_NAME_TAKEN: {
    meaning: 'Another network has this name.',
    causes: ['it was created before', 'two commands at work on one project at once'],
    hint: 'Use the network that is there (`external: true`), or choose another name.',
    httpStatus: 409,
  },
  NETWORK_NOT_FOUND: {
    meaning: 'No network has this name, id or start of an id.',
    causes: ['it was removed', 'a typing error', 'another data folder (CORACLE_DATA)'],
    hint: 'List the networks there are with `coracle network ls`.',
    httpStatus: 404,
  },
  NETWORK_AMBIGUOUS: {
    meaning: 'Several networks have an id that starts like this.',
    causes: ['too few digits of the id'],
    hint: 'Give more digits of the id, or the name.',
    httpStatus: 400,
  },
  NETWORK_OPTION_UNSUPPORTED: {
    meaning: 'A network option is known to Docker but cannot be had here.',
    causes: ['a driver other than bridge, macvlan and ipvlan', 'swarm options'],
    hint: 'Leave the option named above out.',
    httpStatus: 400,
  },
  NETWORK_SUBNET_INVALID: {
    meaning: 'A subnet, a range or a gateway does not fit.',
    causes: [
      'host bits set in the subnet',
      'a gateway or range outside of the subnet',
      'a subnet too small',
    ],
    hint: 'Correct the value named above.',
    httpStatus: 400,
  },
  NETWORK_SUBNET_OVERLAP: {
    meaning: 'A subnet contains addresses that are in use elsewhere.',
    causes: [
      'another network with the same subnet',
      'a VPN or an interface of this host uses these addresses',
    ],
    hint: 'Choose another subnet, or leave it out to get a free one.',
    httpStatus: 403,
  },
  NETWORK_POOL_EXHAUSTED: {
    meaning: 'No free subnet is left in the address pools.',
    causes: ['very many networks', 'a route of a VPN that covers the whole pool'],
    hint: 'Remove unused networks (`coracle network prune`), or name other pools in CORACLE_ADDRESS_POOLS.',
    httpStatus: 400,
  },
  NETWORK_POOL_INVALID: {
    meaning: 'CORACLE_ADDRESS_POOLS cannot be read.',
    causes: ['a pool that is not `CIDR` or `CIDR:PREFIX`'],
    hint: 'Write pools as `10.200.0.0/13:26`, separated by commas.',
    exitCode: 2,
  },
  NETWORK_ADDRESS_INVALID: {
    meaning: 'A container cannot have this address on this network.',
    causes: [
      'outside of the subnet',
      'the gateway or a reserved address',
      'a network without a subnet of your own',
    ],
    hint: 'Choose an address inside of the subnet named above.',
    httpStatus: 400,
  },
  NETWORK_ALREADY_CONNECTED: {
    meaning: 'The container is on this network already.',
    causes: ['it was started with it', 'the same command was given before'],
    hint: 'Disconnect it first, if it is to have another address or other aliases.',
    httpStatus: 403,
  },
  NETWORK_NOT_CONNECTED: {
    meaning: 'The container is not on this network.',
    causes: ['a typing error', 'it was disconnected before'],
    hint: 'List the networks it is on with `coracle inspect`.',
    httpStatus: 404,
  },
  NETWORK_PARENT_MISSING: {
    meaning: 'The interface of this host that a macvlan or ipvlan network hangs on is not there.',
    causes: ['a typing error in `parent`', 'the interface was renamed, or is not up yet'],
    hint: 'List the interfaces there are with `ip link`, and name one of them as `parent`.',
    httpStatus: 400,
  },
  NETWORK_ADDRESS_TAKEN: {
    meaning: 'Another container holds this address.',
    causes: ['the same ipv4_address in two services', 'a stopped container that still exists'],
    hint: 'Choose another address, or remove the container named above.',
    httpStatus: 403,
  },
  NETWORK_ADDRESSES_EXHAUSTED: {
    meaning: 'Every address of the network is held by a container.',
    causes: ['more containers than the subnet has addresses', 'a small ip_range'],
    hint: 'Remove containers, or give the network a larger subnet.',
    httpStatus: 400,
  },
  NETWORK_IN_USE: {
    meaning: 'The network cannot be removed, as containers are connected to it.',
    causes: ['running containers of this or another project'],
    hint: 'Stop or remove the containers named above first.',
    httpStatus: 403,
  },
  NETWORK_NFTABLES_MISSING: {
    meaning: 'The kernel lacks nf_tables, or a part of it that networks need.',
    causes: ['kernel modules that are not installed or may not be loaded', 'a kernel before 5.2'],
    hint: 'Load nf_tables, nft_chain_nat, nft_masq and nft_fib_inet (`modprobe -a …`), or use `network_mode: host`.',
    httpStatus: 500,
  },
  PORT_ALREADY_ALLOCATED: {
    meaning: 'A host port that a container publishes is taken.',
    causes: ['a container of another project or checkout', 'a program on the host'],
    hint: 'Stop it, or publish another host port.',
    httpStatus: 500,
  },
  PORT_ADDRESS_UNAVAILABLE: {
    meaning: 'A port is to be published on an address that this host does not have.',
    causes: [
      'a typing error in the host address',
      'an interface that is down, a VPN that is not connected',
    ],
    hint: 'Use 127.0.0.1, 0.0.0.0 or an address of an interface that is up.',
    httpStatus: 500,
  },
});
