import type { Project } from '../../compose/model/index.ts';
import { orderedServices } from '../../compose/plan/index.ts';
import { hasImage } from '../../image/index.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { placeImageFailure } from '../images/place-image-failure.ts';
import { pullImages, throwPullFailures, type WantedImage } from '../images/pull-images.ts';

interface PullFlags {
  readonly ignoreBuildable?: boolean;
  readonly ignorePullFailures?: boolean;
  readonly includeDeps?: boolean;
  readonly policy?: 'missing' | 'always';
  readonly quiet?: boolean;
}

export const pullCommand = defineCommand<PullFlags>({
  name: 'pull',
  positional: '[SERVICE...]',
  summary: 'Pull service images',
  flags: [
    { flags: '--ignore-buildable', description: 'Ignore images that can be built' },
    {
      flags: '--ignore-pull-failures',
      description: 'Pull what it can and ignores images with pull failures',
    },
    { flags: '--include-deps', description: 'Also pull services declared as dependencies' },
    {
      flags: '--policy <policy>',
      description: 'Apply pull policy',
      choices: ['missing', 'always'],
    },
    { flags: '-q, --quiet', description: 'Pull without printing progress information' },
    { flags: '--parallel', description: 'Pull multiple images in parallel (always)', hidden: true },
    { flags: '--no-parallel', description: 'Has no effect', hidden: true },
  ],
  examples: ['compose pull', 'compose pull --policy missing web'],
  async run(context, services, flags) {
    const loaded = await context.load(services);
    const { project } = loaded;
    const names = orderedServices(project, services, flags.includeDeps ?? false);
    const wanted = wantedImages(context, project, names, flags);
    const buildable = new Set(
      Object.values(project.services).flatMap(({ image, build }) =>
        build !== undefined && image !== undefined ? [image] : [],
      ),
    );
    if (context.options.dryRun) {
      for (const { image } of wanted) context.err(` DRY-RUN MODE -  Image ${image}  Pulling\n`);
      return 0;
    }
    const mayFail = ({ image }: WantedImage) =>
      flags.ignorePullFailures === true || buildable.has(image);
    const failures = await pullImages(context, wanted, { quiet: flags.quiet ?? false, mayFail });
    for (const { wanted: one, error } of failures.filter((failure) => mayFail(failure.wanted))) {
      const what = buildable.has(one.image) ? 'it has to be built: ' : '';
      context.err(`warning: ${one.image}: ${what}${(error as Error).message}\n`);
    }
    throwPullFailures(
      failures
        .filter((failure) => !mayFail(failure.wanted))
        .map((failure) => placeImageFailure(loaded, failure)),
    );
    return 0;
  },
});

function wantedImages(
  { roots }: CommandContext,
  project: Project,
  names: readonly string[],
  flags: PullFlags,
): WantedImage[] {
  const wanted = new Map<string, WantedImage>();
  for (const name of names) {
    const { image, build, pull_policy, platform } = project.services[name] ?? {};
    // An image that only building makes has no name to ask a registry for.
    if (image === undefined || pull_policy === 'never' || pull_policy === 'build') continue;
    if (build !== undefined && flags.ignoreBuildable) continue;
    if ((flags.policy ?? pull_policy) === 'missing' && hasImage(roots, image)) continue;
    wanted.set(image, { image, platform });
  }
  return [...wanted.values()];
}
