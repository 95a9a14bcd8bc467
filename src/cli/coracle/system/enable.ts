import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../../../core/index.ts';
import { writeFileAtomic } from '../../../state/index.ts';
import { defineCommand, type Flag } from '../../command.ts';
import type { CommandContext } from '../../context.ts';
import { unitName, unitText } from './unit.ts';

interface UnitFlags {
  readonly now?: boolean;
  readonly root?: string;
}

const rootFlag: Flag = {
  flags: '--root <folder>',
  description: 'Work on the system whose root folder this is, which does not run',
};

/** `coracle system enable`. */
export const systemEnable = defineCommand<UnitFlags>({
  name: 'enable',
  positional: '',
  summary: 'Start the containers that their restart policies want at every boot (a systemd unit)',
  flags: [{ flags: '--now', description: 'Start them now as well' }, rootFlag],
  examples: ['sudo coracle system enable', 'sudo coracle system enable --now'],
  async run(context, _args, { now = false, root }) {
    const { unit, wanted } = unitPaths(context, root);
    checkRights(context);
    mkdirSync(dirname(wanted), { recursive: true });
    writeFileAtomic(unit, unitText(context.host, context.roots.data), 0o644);
    rmSync(wanted, { force: true });
    symlinkSync(join('..', unitName), wanted);
    context.out(`${unit}\n`);
    if (root === undefined) {
      systemctl('daemon-reload');
      if (now) systemctl('start', unitName);
    }
    return 0;
  },
});

/** `coracle system disable`. */
export const systemDisable = defineCommand<Pick<UnitFlags, 'root'>>({
  name: 'disable',
  positional: '',
  summary: 'Start no containers at boot; those that run go on running',
  flags: [rootFlag],
  examples: ['sudo coracle system disable'],
  async run(context, _args, { root }) {
    const { unit, wanted } = unitPaths(context, root);
    checkRights(context);
    const was = existsSync(unit);
    rmSync(wanted, { force: true });
    rmSync(unit, { force: true });
    if (root === undefined && was) systemctl('daemon-reload');
    context.out(was ? `removed ${unit}\n` : 'was not enabled\n');
    return 0;
  },
});

/** @throws {AppError} `CLI_NO_SYSTEMD` */
function unitPaths({ host }: CommandContext, root: string | undefined) {
  if (root === undefined && !existsSync('/run/systemd/system')) {
    throw new AppError('CLI_NO_SYSTEMD', 'this machine was not booted by systemd', {
      hint: "Let the machine's own init run `coracle system start` at boot and `coracle system stop` at shutdown.",
    });
  }
  const folder = join(resolve(host.cwd, root ?? '/'), 'etc/systemd/system');
  return {
    unit: join(folder, unitName),
    wanted: join(folder, 'multi-user.target.wants', unitName),
  };
}

function checkRights({ host, program }: CommandContext): void {
  if (host.uid === 0) return;
  throw new AppError('CLI_NOT_ROOT', `units are installed by root, and this is user ${host.uid}`, {
    hint: `Run it with sudo: sudo ${program} system …`,
  });
}

/** @throws {AppError} `CLI_SYSTEMCTL_FAILED` */
function systemctl(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('systemctl', args, { encoding: 'utf8' });
  if (status === 0) return;
  throw new AppError(
    'CLI_SYSTEMCTL_FAILED',
    `systemctl ${args.join(' ')}: ${(error?.message ?? stderr).trim()}`,
  );
}
