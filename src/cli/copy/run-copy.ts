import type { CommandContext } from '../context.ts';
import { refuseTerminal } from '../refuse-terminal.ts';
import { type CopySide, copyArchive, copyPath, sendPath } from './copy-paths.ts';
import type { CopyRequest } from './parse-copy.ts';

export interface RunCopyOptions {
  readonly followLink: boolean;
  /** Everything in the container belongs to the user that it runs as. */
  readonly archive: boolean;
}

/** A container as one side of a copy. */
export interface CopyContainer {
  readonly id: string;
  /** As messages call it. */
  readonly name: string;
}

/** Copies between the host and one container, as {@link CopyRequest} says. */
export async function runCopy(
  context: CommandContext,
  request: CopyRequest,
  { id, name }: CopyContainer,
  { followLink, archive }: RunCopyOptions,
): Promise<void> {
  const engine = await context.engine();
  const inside = (path: string): Omit<CopySide, 'files'> => ({
    path,
    label: `${name}:${path}`,
    missing: (missing) => `Could not find the file ${missing} in container ${name}`,
  });
  const containerSide: CopySide = {
    files: await engine.files(id),
    ...inside(request.direction === 'in' ? request.to : request.from),
  };
  if (request.direction === 'out' && request.to === '-') {
    refuseTerminal(context);
    await sendPath(containerSide, 1, followLink);
    return;
  }
  if (request.direction === 'in' && request.from === '-') {
    await copyArchive(0, containerSide);
    return;
  }
  const path = request.direction === 'in' ? request.from : request.to;
  const hostSide: CopySide = {
    files: await engine.files(),
    path,
    label: path,
    missing: (missing) => `lstat ${missing}: no such file or directory`,
  };
  if (request.direction === 'out') {
    await copyPath(containerSide, hostSide, { followLink });
    return;
  }
  const owner = archive ? await containerUser(context, id) : undefined;
  await copyPath(hostSide, containerSide, {
    followLink,
    ...(owner === undefined ? {} : { owner }),
  });
}

/** The user that the container runs as, where that is not root. */
async function containerUser(context: CommandContext, id: string): Promise<string | undefined> {
  const engine = await context.engine();
  const { Config } = await engine.getContainer(id).inspect();
  return (Config.User || '') === '' ? undefined : Config.User;
}
