import type { Platform } from '../oci.wire.ts';

/** Node's names of architectures → OCI's (Go's GOARCH and GOARM). */
const architectures: Readonly<Record<string, { architecture: string; variant?: string }>> = {
  x64: { architecture: 'amd64' },
  arm64: { architecture: 'arm64', variant: 'v8' },
  arm: { architecture: 'arm', variant: 'v7' },
  ia32: { architecture: '386' },
  riscv64: { architecture: 'riscv64' },
  ppc64: { architecture: 'ppc64le' },
  s390x: { architecture: 's390x' },
};

/** The platform that images of this machine are for. */
export function hostPlatform(arch: string = process.arch): Platform {
  return { ...(architectures[arch] ?? { architecture: arch }), os: 'linux' };
}
