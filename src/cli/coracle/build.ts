import { posix, resolve } from 'node:path';
import { type BuildOptions, type ContextSource, lintDockerfile } from '../../build/index.ts';
import { AppError } from '../../core/index.ts';
import { createBuildRenderer } from '../build/build-renderer.ts';
import { parseCacheFrom, parseCacheTo } from '../build/cache-flags.ts';
import { contextSource, namedContext } from '../build/context-source.ts';
import { keyValues, parseSecretFlag, parseSshFlags } from '../build/flag-values.ts';
import { openBuilder } from '../build/open-builder.ts';
import { printChecked, printLint } from '../build/print-lint.ts';
import { withAbort } from '../build/with-abort.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';

interface Flags {
  readonly addHost?: readonly string[];
  readonly allow?: readonly string[];
  readonly buildArg?: readonly string[];
  readonly buildContext?: readonly string[];
  readonly cache: boolean;
  readonly check?: boolean;
  readonly cacheFrom?: readonly string[];
  readonly cacheTo?: readonly string[];
  readonly file?: string;
  readonly iidfile?: string;
  readonly label?: readonly string[];
  readonly network?: string;
  readonly noCacheFilter?: readonly string[];
  readonly platform?: string;
  readonly progress?: string;
  readonly pull?: boolean;
  readonly quiet?: boolean;
  readonly secret?: readonly string[];
  readonly ssh?: readonly string[];
  readonly tag?: readonly string[];
  readonly target?: string;
}

/** `coracle build .`: an image from a Dockerfile. */
export const buildCommand = defineCommand<Flags>({
  name: 'build',
  positional: 'PATH | URL | -',
  summary: 'Build an image from a Dockerfile',
  flags: [
    { flags: '--add-host <host=ip>', description: 'Add a custom host-to-IP mapping', kind: 'list' },
    {
      flags: '--allow <entitlement>',
      description: 'Allow network.host or security.insecure',
      kind: 'list',
    },
    { flags: '--build-arg <key=value>', description: 'Set build-time variables', kind: 'list' },
    {
      flags: '--build-context <name=source>',
      description: 'Additional build contexts',
      kind: 'list',
    },
    {
      flags: '--cache-from <source>',
      description: 'Cache to take steps from: NAME, type=registry,ref=NAME or type=local,src=DIR',
      kind: 'list',
    },
    {
      flags: '--cache-to <target>',
      description: 'Where to write a cache to: type=registry,ref=NAME or type=local,dest=DIR',
      kind: 'list',
    },
    { flags: '--check', description: 'Look at the Dockerfile and build nothing' },
    {
      flags: '-f, --file <file>',
      description: 'Name of the Dockerfile (default: PATH/Dockerfile)',
    },
    { flags: '--iidfile <file>', description: 'Write the image ID to a file' },
    { flags: '--label <key=value>', description: 'Set metadata for an image', kind: 'list' },
    { flags: '--network <mode>', description: 'Set the networking mode for RUN instructions' },
    { flags: '--no-cache', description: 'Do not use cache when building the image' },
    {
      flags: '--no-cache-filter <stage>',
      description: 'Do not cache specified stages',
      kind: 'list',
    },
    { flags: '--platform <platform>', description: 'Set target platform for build' },
    {
      flags: '--progress <type>',
      description: 'Set type of progress output',
      choices: ['auto', 'plain', 'tty', 'json', 'rawjson', 'quiet'],
    },
    { flags: '--pull', description: 'Always attempt to pull a newer version of the base images' },
    {
      flags: '-q, --quiet',
      description: 'Suppress the build output and print image ID on success',
    },
    {
      flags: '--secret <spec>',
      description: 'Secret to expose to the build: id=NAME,src=FILE or id=NAME,env=VARIABLE',
      kind: 'list',
    },
    {
      flags: '--ssh <spec>',
      description: 'SSH agent socket or keys to expose: default|ID[=SOCKET|KEY]',
      kind: 'list',
    },
    { flags: '-t, --tag <name>', description: 'Name and optionally a tag', kind: 'list' },
    { flags: '--target <stage>', description: 'Set the target build stage to build' },
  ],
  examples: ['coracle build -t acme/web:1 .', 'coracle build --target test --progress plain .'],
  async run(context, [source, ...more], flags) {
    if (source === undefined || more.length > 0) {
      throw new AppError('CLI_USAGE', "'coracle build' requires 1 argument", {
        hint: 'Name the build context: coracle build .',
      });
    }
    const options = await buildOptions(context, source, flags);
    if (flags.check) return printChecked(context, [lintDockerfile(options, context.roots)]);
    const builder = await openBuilder(context);
    const progress = flags.quiet ? 'quiet' : (flags.progress ?? context.options.progress);
    const renderer = createBuildRenderer(context, progress);
    const image = await withAbort(context, async (signal) => {
      try {
        return await builder.build({
          ...options,
          onProgress: (event) => renderer.event(undefined, event),
          signal,
        });
      } finally {
        renderer.close();
      }
    });
    if (flags.iidfile !== undefined) {
      const { writeFileSync } = await import('node:fs');
      writeFileSync(resolve(context.host.cwd, flags.iidfile), image.id);
    }
    if (flags.quiet) context.out(`${image.id}\n`);
    else if (progress !== 'json' && progress !== 'rawjson') {
      const names = image.references.map((name) => ` naming to ${name}\n`);
      printLint(context, image.warnings);
      context.err(`\nwrote image ${image.id}\n${names.join('')}`);
    }
    return 0;
  },
});

async function buildOptions(
  context: CommandContext,
  source: string,
  flags: Flags,
): Promise<BuildOptions> {
  const { host } = context;
  const isStdinDockerfile = flags.file === '-';
  const buildContext = contextSource(source, host.cwd);
  return {
    context: buildContext,
    ...(flags.file === undefined
      ? {}
      : {
          dockerfile: isStdinDockerfile
            ? { kind: 'inline' as const, text: await host.readStdin(), name: '-' }
            : { kind: 'path' as const, path: dockerfilePath(buildContext, flags.file, host.cwd) },
        }),
    args: keyValues(flags.buildArg ?? [], '--build-arg', host.env),
    contexts: Object.fromEntries(
      (flags.buildContext ?? []).map((text) => namedContext(text, host.cwd)),
    ),
    labels: keyValues(flags.label ?? [], '--label', {}),
    tags: flags.tag ?? [],
    secrets: Object.fromEntries(
      (flags.secret ?? []).map((text) => parseSecretFlag(text, host.cwd, host.env)),
    ),
    ssh: parseSshFlags(flags.ssh ?? [], host.cwd, host.env),
    extraHosts: (flags.addHost ?? []).map((entry) => entry.replace('=', ':')),
    noCache: flags.cache ? (flags.noCacheFilter ?? false) : true,
    cacheFrom: (flags.cacheFrom ?? []).map((text) => parseCacheFrom(text, host.cwd)),
    cacheTo: (flags.cacheTo ?? []).map((text) => parseCacheTo(text, host.cwd)),
    pull: flags.pull ?? false,
    entitlements: new Set(flags.allow ?? []),
    ...(flags.network === undefined ? {} : { network: flags.network }),
    ...(flags.platform === undefined ? {} : { platform: flags.platform }),
    ...(flags.target === undefined ? {} : { target: flags.target }),
  };
}

/** For a folder it counts from where the command is typed; what has to be fetched or unpacked first has it inside. */
function dockerfilePath(context: ContextSource, path: string, cwd: string): string {
  return context.kind === 'folder' ? resolve(cwd, path) : posix.normalize(path);
}
