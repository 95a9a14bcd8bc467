import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Service } from '../../compose/model/index.ts';
import { joinedName, type PlanFinding, planRun } from '../../compose/plan/index.ts';
import { AppError, type Diagnostic } from '../../core/index.ts';
import { attachUntilExit } from '../attach/attach-container.ts';
import { ensureBuiltImages } from '../build/ensure-images.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { environmentEntries } from '../environment-entries.ts';
import { provideImages } from '../images/provide-images.ts';
import { parseMount, parsePort } from '../run-arguments.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { planInput, throwFindings, toDiagnostic } from '../up-input.ts';
import { orphanPolicy } from '../up-request.ts';
import { imageFlags } from './up-flags.ts';

interface RunFlags {
  readonly build?: boolean;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly deps: boolean;
  readonly detach?: boolean;
  readonly entrypoint?: string;
  readonly env?: readonly string[];
  readonly envFromFile?: readonly string[];
  readonly interactive: boolean;
  readonly label?: readonly string[];
  readonly name?: string;
  readonly publish?: readonly string[];
  readonly pull?: string;
  readonly quiet?: boolean;
  readonly quietPull?: boolean;
  readonly quietBuild?: boolean;
  readonly removeOrphans?: boolean;
  readonly rm?: boolean;
  readonly servicePorts?: boolean;
  readonly tty: boolean;
  readonly useAliases?: boolean;
  readonly user?: string;
  readonly volume?: readonly string[];
  readonly workdir?: string;
}

export const runCommand = defineCommand<RunFlags>({
  name: 'run',
  positional: 'SERVICE [COMMAND] [ARGS...]',
  summary: 'Run a one-off command on a service',
  passThrough: true,
  flags: [
    ...imageFlags.filter(({ flags }) => !flags.startsWith('--no-build')),
    { flags: '--cap-add <capability>', description: 'Add Linux capabilities', kind: 'list' },
    { flags: '--cap-drop <capability>', description: 'Drop Linux capabilities', kind: 'list' },
    { flags: '-d, --detach', description: 'Run container in background and print container ID' },
    { flags: '--entrypoint <command>', description: 'Override the entrypoint of the image' },
    { flags: '-e, --env <key=value>', description: 'Set environment variables', kind: 'list' },
    {
      flags: '--env-from-file <file>',
      description: 'Set environment variables from file',
      kind: 'list',
    },
    {
      flags: '-i, --interactive',
      description: 'Keep STDIN open even if not attached',
      default: true,
    },
    { flags: '-l, --label <key=value>', description: 'Add or override a label', kind: 'list' },
    { flags: '--name <name>', description: 'Assign a name to the container' },
    { flags: '--no-deps', description: "Don't start linked services" },
    { flags: '--no-interactive', description: 'Leave standard input closed', hidden: true },
    { flags: '-T, --no-tty', description: 'Disable pseudo-TTY allocation' },
    { flags: '-t, --tty', description: 'Allocate a pseudo-TTY (the default)', hidden: true },
    { flags: '-P, --service-ports', description: "Publish the service's ports to the host" },
    {
      flags: '-p, --publish <port>',
      description: "Publish a container's port to the host",
      kind: 'list',
    },
    { flags: '-q, --quiet', description: "Don't print progress" },
    {
      flags: '--remove-orphans',
      description: 'Remove containers for services not defined in the compose file',
    },
    { flags: '--rm', description: 'Automatically remove the container when it exits' },
    { flags: '--use-aliases', description: "Use the service's network aliases" },
    { flags: '-u, --user <user>', description: 'Run as specified username or uid' },
    { flags: '-v, --volume <mount>', description: 'Bind mount a volume', kind: 'list' },
    { flags: '-w, --workdir <folder>', description: 'Working directory inside the container' },
  ],
  examples: ['compose run --rm web npm test', 'compose run --rm -T db mysqldump app > dump.sql'],
  async run(context, [service, ...command], flags) {
    if (service === undefined) throw new AppError('CLI_USAGE', 'run needs a service');
    const loaded = await context.load([service]);
    const { project } = loaded;
    const definition = project.services[service];
    if (definition === undefined) {
      throw new AppError('PROJECT_SERVICE_UNKNOWN', `no such service: ${service}`);
    }
    const tty = flags.tty && !flags.detach && context.host.stdinIsTTY && context.host.stdout.isTTY;
    const stdin = flags.interactive && !flags.detach;
    const name = flags.name ?? joinedName(project, service, 'run', randomBytes(6).toString('hex'));
    const changed = applyFlags(context, definition, command, { ...flags, tty, stdin });
    const start = () =>
      withProjectLock(context, project.name, 'run', async () => {
        await provideImages(context, loaded, {
          services: [service],
          withDependencies: flags.deps,
          pull: flags.pull,
          quiet: flags.quietPull === true || flags.quiet === true,
        });
        await ensureBuiltImages(context, loaded, {
          services: [service],
          withDependencies: flags.deps,
          build: flags.build,
          quiet: flags.quietBuild ?? flags.quiet ?? false,
        });
        const diagnostics: Diagnostic[] = [];
        const report = (finding: PlanFinding) => diagnostics.push(toDiagnostic(loaded, finding));
        const missing = context.options.dryRun ? 'planned' : 'error';
        const input = await planInput(context, loaded, report, missing);
        const plan = planRun(input, {
          service,
          definition: changed,
          name,
          withDependencies: flags.deps,
          withAliases: flags.useAliases ?? false,
          withPorts: flags.servicePorts === true || flags.publish !== undefined,
          orphans: orphanPolicy(context, flags.removeOrphans ?? false),
        });
        throwFindings(diagnostics);
        await runPlan(context, plan, {
          hidden: name,
          quiet: flags.quiet ?? false,
          keepExitCode: true,
        });
      });
    const engine = await context.engine();
    if (context.options.dryRun || flags.detach) {
      await start();
      if (!context.options.dryRun) {
        context.out(`${(await engine.getContainer(name).inspect()).Id}\n`);
      }
      return 0;
    }
    let keep = true;
    try {
      return await attachUntilExit(context, name, {
        stdin,
        tty,
        start: async () => {
          await start();
          keep = false;
        },
        onDetach: () => {
          keep = true;
        },
      });
    } finally {
      if (flags.rm && !keep) await engine.getContainer(name).remove({ force: true, v: true });
    }
  },
});

/** The service as the command line changes it for this one container. */
function applyFlags(
  context: CommandContext,
  definition: Service,
  command: readonly string[],
  flags: RunFlags & { readonly stdin: boolean },
): Service {
  const {
    container_name: _name,
    restart: _restart,
    deploy: _deploy,
    scale: _scale,
    ports,
    ...rest
  } = definition;
  const environment = [
    ...(flags.envFromFile ?? []).flatMap((file) =>
      environmentLines(resolve(context.host.cwd, file)),
    ),
    ...environmentEntries(context, flags.env ?? []),
  ].map((entry): [string, string] => splitAt(entry, '='));
  const labels = (flags.label ?? []).map((entry): [string, string] => splitAt(entry, '='));
  return {
    ...rest,
    ...(definition.deploy?.resources === undefined
      ? {}
      : { deploy: { resources: definition.deploy.resources } }),
    ports: [...(flags.servicePorts ? (ports ?? []) : []), ...(flags.publish ?? []).map(parsePort)],
    environment: { ...definition.environment, ...Object.fromEntries(environment) },
    labels: { ...definition.labels, ...Object.fromEntries(labels) },
    volumes: [
      ...(definition.volumes ?? []),
      ...(flags.volume ?? []).map((text) => parseMount(text, context.host.cwd)),
    ],
    cap_add: [...(definition.cap_add ?? []), ...(flags.capAdd ?? [])],
    cap_drop: [...(definition.cap_drop ?? []), ...(flags.capDrop ?? [])],
    tty: flags.tty,
    stdin_open: flags.stdin,
    ...(command.length > 0 ? { command } : {}),
    ...(flags.entrypoint === undefined
      ? {}
      : { entrypoint: flags.entrypoint.split(/\s+/).filter(Boolean), command }),
    ...(flags.user === undefined ? {} : { user: flags.user }),
    ...(flags.workdir === undefined ? {} : { working_dir: flags.workdir }),
  };
}

function environmentLines(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function splitAt(entry: string, separator: string): [string, string] {
  const at = entry.indexOf(separator);
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
}
