import { deviceNumber } from './devices.ts';
import type { RuntimeResources, RuntimeThrottle } from './input.ts';
import type { OciDeviceRule } from './oci-spec.wire.ts';

const cpuPeriodUs = 100_000;

/** `linux.resources`, in the specification's words and a stable order; what is not asked for is not there. */
export function ociResources(
  resources: RuntimeResources,
  devices: readonly OciDeviceRule[],
): Record<string, unknown> {
  const { cpus, blkio } = resources;
  const memory = present({
    limit: resources.memoryBytes,
    reservation: resources.memoryReservationBytes,
    swap: resources.memorySwapBytes,
    swappiness: resources.memorySwappiness,
    disableOOMKiller: resources.oomKillDisable || undefined,
  });
  const cpu = present({
    shares: resources.cpuShares,
    quota: cpus === undefined ? resources.cpuQuotaUs : Math.round(cpus * cpuPeriodUs),
    period: cpus === undefined ? resources.cpuPeriodUs : cpuPeriodUs,
    realtimeRuntime: resources.cpuRealtimeRuntimeUs,
    realtimePeriod: resources.cpuRealtimePeriodUs,
    cpus: resources.cpusetCpus,
    mems: resources.cpusetMems,
  });
  const blockIO = present({
    weight: blkio?.weight,
    weightDevice: blkio?.weightDevice?.map(({ path, weight }) => ({
      ...deviceNumber(path),
      weight,
    })),
    throttleReadBpsDevice: throttles(blkio?.readBps),
    throttleWriteBpsDevice: throttles(blkio?.writeBps),
    throttleReadIOPSDevice: throttles(blkio?.readIops),
    throttleWriteIOPSDevice: throttles(blkio?.writeIops),
  });
  return present({
    devices,
    memory,
    cpu,
    pids: resources.pidsLimit === undefined ? undefined : { limit: resources.pidsLimit },
    blockIO,
  }) as Record<string, unknown>;
}

function throttles(list: readonly RuntimeThrottle[] | undefined) {
  return list?.length ? list.map(({ path, rate }) => ({ ...deviceNumber(path), rate })) : undefined;
}

/** Without the members that are undefined; undefined where none is left. */
function present(members: Record<string, unknown>): Record<string, unknown> | undefined {
  const left = Object.entries(members).filter(([, value]) => value !== undefined);
  return left.length === 0 ? undefined : Object.fromEntries(left);
}
