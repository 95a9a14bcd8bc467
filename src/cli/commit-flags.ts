import type { CommitOptions } from '../engine/index.ts';
import type { Flag } from './command.ts';

export interface CommitFlags {
  readonly author?: string;
  readonly change?: readonly string[];
  readonly message?: string;
  readonly pause: boolean;
}

/** The flags of `commit`, the same for a container and for a service. */
export const commitFlags: readonly Flag[] = [
  {
    flags: '-a, --author <author>',
    description: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")',
  },
  {
    flags: '-c, --change <instruction>',
    description: 'Apply Dockerfile instruction to the created image',
    kind: 'list',
  },
  { flags: '-m, --message <text>', description: 'Commit message' },
  {
    flags: '-p, --pause',
    description: 'Pause container during commit (the default)',
    hidden: true,
  },
  { flags: '--no-pause', description: 'Do not pause the container during commit' },
];

/** What the engine is asked for. */
export function commitOptions(name: string | undefined, flags: CommitFlags): CommitOptions {
  return {
    pause: flags.pause,
    changes: flags.change ?? [],
    ...(name === undefined ? {} : { name }),
    ...(flags.author === undefined ? {} : { author: flags.author }),
    ...(flags.message === undefined ? {} : { comment: flags.message }),
  };
}
