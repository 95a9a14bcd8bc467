import type { Flag } from '../command.ts';

/** The flags of `up` as parsed; `no-…` switches are their positive names, true unless given. */
export interface UpFlags {
  readonly abortOnContainerExit?: boolean;
  readonly abortOnContainerFailure?: boolean;
  readonly alwaysRecreateDeps?: boolean;
  readonly attach?: readonly string[];
  readonly noAttach?: readonly string[];
  readonly attachDependencies?: boolean;
  /** `--build`: true; `--no-build`: false. */
  readonly build?: boolean;
  readonly color: boolean;
  readonly deps: boolean;
  readonly detach?: boolean;
  readonly exitCodeFrom?: string;
  readonly forceRecreate?: boolean;
  readonly logPrefix: boolean;
  readonly planFile?: string;
  readonly pull?: string;
  readonly quietBuild?: boolean;
  readonly quietPull?: boolean;
  readonly recreate: boolean;
  readonly removeOrphans?: boolean;
  readonly renewAnonVolumes?: boolean;
  readonly scale?: readonly string[];
  readonly start: boolean;
  readonly timeout?: number;
  readonly timestamps?: boolean;
  readonly wait?: boolean;
  readonly waitTimeout?: number;
  readonly watch?: boolean;
}

/** Which containers are replaced, how many there are; shared by `up` and `create`. */
export const recreateFlags: readonly Flag[] = [
  {
    flags: '--always-recreate-deps',
    description: 'Recreate dependent containers too, even if they have not changed',
  },
  {
    flags: '--force-recreate',
    description: "Recreate containers even if their configuration and image haven't changed",
  },
  { flags: '--no-recreate', description: "If containers already exist, don't recreate them" },
  {
    flags: '--remove-orphans',
    description: 'Remove containers for services not defined in the compose file',
  },
  {
    flags: '-V, --renew-anon-volumes',
    description:
      'Recreate anonymous volumes instead of retrieving data from the previous containers',
  },
  {
    flags: '--scale <service=number>',
    description: "Scale SERVICE to NUM instances; overrides the compose file's",
    kind: 'list',
  },
];

/** Where images come from; shared by `up`, `create` and `run`. */
export const imageFlags: readonly Flag[] = [
  { flags: '--build', description: 'Build images before starting containers' },
  { flags: '--no-build', description: "Don't build an image, even if it's missing" },
  {
    flags: '--pull <policy>',
    description: 'Pull image before running',
    choices: ['always', 'missing', 'never', 'build', 'policy'],
  },
  { flags: '--quiet-build', description: 'Suppress the build output' },
  { flags: '--quiet-pull', description: 'Pull without printing progress information' },
];
