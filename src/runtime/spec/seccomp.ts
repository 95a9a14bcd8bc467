import { readFileSync } from 'node:fs';
import { AppError } from '../../core/index.ts';
import type { OciSeccomp, OciSeccompArg, OciSyscall } from './oci-spec.wire.ts';
import { defaultSeccompRows } from './seccomp-default.ts';

/** What decides which rows of a profile hold. */
export interface SeccompContext {
  readonly capabilities: readonly string[];
  /** In Node's names: `x64`, `arm64`. */
  readonly arch: string;
}

const architectures: Readonly<Record<string, readonly string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/** Docker profiles name machines as Go does. */
const goArch: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** The filter of a container that asks for no other. */
export function defaultSeccomp(context: SeccompContext): OciSeccomp {
  const capabilities = new Set(context.capabilities);
  const syscalls = defaultSeccompRows
    .filter(
      ({ withCap, withoutCap, arch }) =>
        (withCap === undefined || capabilities.has(withCap)) &&
        (withoutCap === undefined || !capabilities.has(withoutCap)) &&
        (arch === undefined || arch.includes(context.arch)),
    )
    .map(
      ({ names, arg, errno }): OciSyscall => ({
        names: names.trim().split(/\s+/),
        action: errno === undefined ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_ERRNO',
        ...(errno === undefined ? {} : { errnoRet: errno }),
        ...(arg === undefined ? {} : { args: [arg] }),
      }),
    );
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures: architectures[context.arch] ?? [],
    syscalls,
  };
}

/** A profile in the form that Docker takes: OCI's, with rows that hang on capabilities and machines. */
interface ProfileFile {
  readonly defaultAction?: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly archMap?: readonly {
    architecture: string;
    subArchitectures?: readonly string[] | null;
  }[];
  readonly flags?: readonly string[];
  readonly syscalls?: readonly ProfileRow[] | null;
}

interface ProfileCondition {
  readonly caps?: readonly string[] | null;
  readonly arches?: readonly string[] | null;
}

interface ProfileRow {
  readonly name?: string;
  readonly names?: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly OciSeccompArg[] | null;
  readonly includes?: ProfileCondition;
  readonly excludes?: ProfileCondition;
}

/**
 * A profile of the user's.
 * @param source path of a file, or the JSON itself (Docker's API carries the content).
 * @throws {AppError} `RUNTIME_SECCOMP_PROFILE_INVALID`
 */
export function loadSeccomp(source: string, context: SeccompContext): OciSeccomp {
  const profile = parseProfile(source);
  const own = architectures[context.arch]?.[0];
  const mapped = profile.archMap?.find(({ architecture }) => architecture === own);
  const capabilities = new Set(context.capabilities);
  const machine = goArch[context.arch] ?? context.arch;
  const holds = ({ includes, excludes }: ProfileRow) =>
    (includes?.caps ?? []).every((cap) => capabilities.has(cap)) &&
    !(excludes?.caps ?? []).some((cap) => capabilities.has(cap)) &&
    (!includes?.arches?.length || includes.arches.includes(machine)) &&
    !(excludes?.arches ?? []).includes(machine);
  return {
    defaultAction: profile.defaultAction ?? 'SCMP_ACT_ERRNO',
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures:
      profile.architectures ??
      (mapped ? [mapped.architecture, ...(mapped.subArchitectures ?? [])] : own ? [own] : []),
    ...(profile.flags?.length ? { flags: profile.flags } : {}),
    syscalls: (profile.syscalls ?? []).filter(holds).map((row) => ({
      names: row.names ?? (row.name === undefined ? [] : [row.name]),
      action: row.action,
      ...(row.errnoRet === undefined ? {} : { errnoRet: row.errnoRet }),
      ...(row.args?.length ? { args: row.args } : {}),
    })),
  };
}

function parseProfile(source: string): ProfileFile {
  const inline = source.trimStart().startsWith('{');
  const name = inline ? 'seccomp profile' : source;
  try {
    const profile: unknown = JSON.parse(inline ? source : readFileSync(source, 'utf8'));
    if (typeof profile === 'object' && profile !== null) return profile as ProfileFile;
  } catch (error) {
    const message = `${name}: ${error instanceof Error ? error.message : String(error)}`;
    throw new AppError('RUNTIME_SECCOMP_PROFILE_INVALID', message, { cause: error });
  }
  throw new AppError('RUNTIME_SECCOMP_PROFILE_INVALID', `${name}: not a JSON object`);
}
