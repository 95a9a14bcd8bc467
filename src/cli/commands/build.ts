import { orderedServices } from '../../compose/plan/index.ts';
import { AppError, parseByteSize } from '../../core/index.ts';
import type { BuildServicesOptions } from '../build/build-services.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext, LoadedProject } from '../context.ts';

interface Flags {
  readonly buildArg?: readonly string[];
  readonly builder?: string;
  readonly cache: boolean;
  readonly check?: boolean;
  readonly memory?: string;
  readonly print?: boolean;
  readonly progress?: string;
  readonly provenance?: string;
  readonly pull?: boolean;
  readonly push?: boolean;
  readonly quiet?: boolean;
  readonly sbom?: string;
  readonly ssh?: readonly string[];
  readonly withDependencies?: boolean;
}

export const buildCommand = defineCommand<Flags>({
  name: 'build',
  positional: '[SERVICE...]',
  summary: 'Build or rebuild services',
  flags: [
    {
      flags: '--build-arg <key=value>',
      description: 'Set build-time variables for services',
      kind: 'list',
    },
    { flags: '--builder <name>', description: 'Set builder to use; there is one, "default"' },
    { flags: '--check', description: 'Check build configuration' },
    { flags: '-m, --memory <bytes>', description: 'Set memory limit for the containers of steps' },
    { flags: '--no-cache', description: 'Do not use cache when building the image' },
    { flags: '--print', description: 'Print equivalent bake file' },
    { flags: '--provenance <mode>', description: 'Add a provenance attestation' },
    { flags: '--pull', description: 'Always attempt to pull a newer version of the image' },
    { flags: '--push', description: 'Push service images' },
    { flags: '-q, --quiet', description: 'Suppress the build output' },
    { flags: '--sbom <mode>', description: 'Add a SBOM attestation' },
    {
      flags: '--ssh <spec>',
      description: 'Set SSH authentications used when building service images',
      kind: 'list',
    },
    { flags: '--with-dependencies', description: 'Also build dependencies (transitively)' },
    {
      flags: '--progress <type>',
      description: 'Set type of ui output',
      choices: ['auto', 'tty', 'plain', 'json', 'rawjson', 'quiet'],
      hidden: true,
    },
    { flags: '--compress', description: 'No effect: nothing is sent anywhere', hidden: true },
    { flags: '--force-rm', description: 'No effect: steps leave no containers', hidden: true },
    { flags: '--no-rm', description: 'No effect: steps leave no containers', hidden: true },
    { flags: '--parallel', description: 'No effect: builds run in parallel anyway', hidden: true },
  ],
  examples: ['compose build', 'compose build --no-cache --build-arg VERSION=2 web'],
  async run(context, services, flags) {
    checkFlags(flags);
    const loaded = await context.load(services);
    const { project } = loaded;
    const wanted = orderedServices(project, services, flags.withDependencies ?? false).filter(
      (service) => project.services[service]?.build !== undefined,
    );
    if (wanted.length === 0) {
      context.err('No services to build\n');
      return 0;
    }
    const options = buildServicesOptions(flags);
    if (flags.print || flags.check) return describe(context, loaded, wanted, flags, options);
    const { buildServices } = await import('../build/build-services.ts');
    await buildServices(context, loaded, wanted, options);
    if (flags.push) await push(context, wanted);
    return 0;
  },
});

function buildServicesOptions(flags: Flags): BuildServicesOptions {
  const progress = flags.quiet ? 'quiet' : flags.progress;
  return {
    buildArgs: flags.buildArg ?? [],
    noCache: !flags.cache,
    ssh: flags.ssh ?? [],
    ...(flags.pull ? { pull: true } : {}),
    ...(flags.memory === undefined ? {} : { memoryBytes: memoryBytes(flags.memory) }),
    ...(progress === undefined ? {} : { progress }),
  };
}

function memoryBytes(text: string): number {
  const bytes = parseByteSize(text);
  if (bytes === undefined) throw new AppError('CLI_USAGE', `--memory "${text}" is no size`);
  return bytes;
}

function checkFlags(flags: Flags): void {
  if (flags.builder !== undefined && flags.builder !== 'default') {
    throw new AppError('CLI_USAGE', `--builder ${flags.builder}: there is one builder, "default"`);
  }
  for (const name of ['provenance', 'sbom'] as const) {
    if (flags[name] === undefined || flags[name] === 'false') continue;
    throw new AppError('BUILD_UNSUPPORTED', `--${name}: attestations are not supported`);
  }
}

async function describe(
  context: CommandContext,
  loaded: LoadedProject,
  services: readonly string[],
  flags: Flags,
  options: BuildServicesOptions,
): Promise<number> {
  const { bakeFile, lintServices } = await import('../build/describe-builds.ts');
  if (flags.print) {
    context.out(
      `${JSON.stringify(await bakeFile(context, loaded, services, options), undefined, 2)}\n`,
    );
    return 0;
  }
  const { printChecked } = await import('../build/print-lint.ts');
  return printChecked(context, await lintServices(context, loaded, services, options));
}

async function push(context: CommandContext, services: readonly string[]): Promise<void> {
  const { pushCommand } = await import('./push.ts');
  await pushCommand.run(context, services, {});
}
