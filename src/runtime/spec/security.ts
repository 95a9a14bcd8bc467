import { AppError } from '../../core/index.ts';
import type { RuntimeContainer } from './input.ts';
import type { OciSeccomp } from './oci-spec.wire.ts';
import { defaultSeccomp, loadSeccomp, type SeccompContext } from './seccomp.ts';

/** What `security_opt` comes to. */
export interface Security {
  readonly noNewPrivileges: boolean;
  readonly seccomp: OciSeccomp | undefined;
  /** False: /proc and /sys are neither masked nor read-only. */
  readonly systemPaths: boolean;
  readonly apparmor: string | undefined;
}

/**
 * Reads `security_opt`. SELinux labels (`label=…`) are taken and have no effect, as under Docker on a machine
 * without SELinux.
 * @throws {AppError} `RUNTIME_SPEC_INVALID`, `RUNTIME_SECCOMP_PROFILE_INVALID`
 */
export function security(
  { securityOpt = [], privileged = false }: RuntimeContainer,
  context: SeccompContext,
): Security {
  let noNewPrivileges = false;
  let profile = privileged ? 'unconfined' : 'builtin';
  let systemPaths = !privileged;
  let apparmor: string | undefined;
  for (const option of securityOpt) {
    const [, key = option, value = ''] = /^([^=:]+)[=:](.*)$/s.exec(option) ?? [];
    if (key === 'no-new-privileges') noNewPrivileges = value !== 'false';
    else if (key === 'seccomp') profile = value;
    else if (key === 'systempaths' && value === 'unconfined') systemPaths = false;
    else if (key === 'apparmor') apparmor = value;
    else if (key !== 'label') {
      throw new AppError('RUNTIME_SPEC_INVALID', `security_opt "${option}" is not known`, {
        hint: 'Use no-new-privileges, seccomp=, apparmor=, systempaths=unconfined or label=.',
      });
    }
  }
  return { noNewPrivileges, seccomp: filter(profile, context), systemPaths, apparmor };
}

function filter(profile: string, context: SeccompContext): OciSeccomp | undefined {
  if (profile === 'unconfined') return undefined;
  return profile === 'builtin' || profile === '' || profile === 'default'
    ? defaultSeccomp(context)
    : loadSeccomp(profile, context);
}
