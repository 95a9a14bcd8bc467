import { AppError } from '../../core/index.ts';
import type { ContainerCreateOptions } from '../../engine/index.ts';
import { attachUntilExit } from '../attach/attach-container.ts';
import { parseDetachKeys } from '../attach/detach-keys.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { environmentEntries } from '../environment-entries.ts';
import { parseMount, parsePort } from '../run-arguments.ts';
import { keyValues } from './key-values.ts';

interface RunFlags {
  readonly detach?: boolean;
  readonly detachKeys?: string;
  readonly entrypoint?: string;
  readonly env?: readonly string[];
  readonly hostname?: string;
  readonly init?: boolean;
  readonly interactive?: boolean;
  readonly label?: readonly string[];
  readonly name?: string;
  readonly network?: string;
  readonly privileged?: boolean;
  readonly publish?: readonly string[];
  readonly readOnly?: boolean;
  readonly restart?: string;
  readonly rm?: boolean;
  readonly sigProxy: boolean;
  readonly tty?: boolean;
  readonly user?: string;
  readonly volume?: readonly string[];
  readonly workdir?: string;
}

export const runCommand = defineCommand<RunFlags>({
  name: 'run',
  positional: 'IMAGE [COMMAND] [ARG...]',
  summary: 'Create and run a new container from an image',
  passThrough: true,
  flags: [
    { flags: '-d, --detach', description: 'Run container in background and print container ID' },
    {
      flags: '--detach-keys <keys>',
      description: 'Override the key sequence for detaching a container',
    },
    {
      flags: '--entrypoint <program>',
      description: 'Overwrite the default ENTRYPOINT of the image',
    },
    { flags: '-e, --env <key=value>', description: 'Set environment variables', kind: 'list' },
    { flags: '-h, --hostname <name>', description: 'Container host name' },
    { flags: '--init', description: 'Run an init that forwards signals and reaps processes' },
    { flags: '-i, --interactive', description: 'Keep STDIN open' },
    { flags: '-l, --label <key=value>', description: 'Set meta data on a container', kind: 'list' },
    { flags: '--name <name>', description: 'Assign a name to the container' },
    {
      flags: '--network <network>',
      description: 'Connect a container to a network, or none, or host',
    },
    { flags: '--privileged', description: 'Give extended privileges to this container' },
    {
      flags: '-p, --publish <port>',
      description: "Publish a container's port to the host",
      kind: 'list',
    },
    { flags: '--read-only', description: "Mount the container's root filesystem as read only" },
    { flags: '--restart <policy>', description: 'Restart policy to apply when a container exits' },
    { flags: '--rm', description: 'Automatically remove the container when it exits' },
    {
      flags: '--sig-proxy',
      description: 'Proxy received signals to the process',
      default: true,
    },
    {
      flags: '--no-sig-proxy',
      description: 'Keep received signals from the process',
      hidden: true,
    },
    { flags: '-t, --tty', description: 'Allocate a pseudo-TTY' },
    { flags: '-u, --user <user>', description: 'Username or UID' },
    { flags: '-v, --volume <mount>', description: 'Bind mount a volume', kind: 'list' },
    { flags: '-w, --workdir <folder>', description: 'Working directory inside the container' },
  ],
  examples: ['coracle run --rm debian:bookworm-slim cat /etc/os-release'],
  async run(context, [image, ...command], flags) {
    if (image === undefined) throw new AppError('CLI_USAGE', 'run needs an image');
    const { tty = false, detach = false, interactive = false } = flags;
    if (tty && !detach && !context.host.stdinIsTTY) {
      throw new AppError('CLI_USAGE', 'the input device is not a TTY', { hint: 'Leave -t out.' });
    }
    const engine = await context.engine();
    const container = await engine.createContainer(createOptions(context, image, command, flags));
    if (detach) {
      try {
        await container.start();
      } catch (error) {
        // Docker leaves a container that could not be started, except where it was not to stay anyway.
        if (flags.rm) await container.remove({ force: true, v: true });
        throw error;
      }
      context.out(`${container.id}\n`);
      return 0;
    }
    const { Name } = await container.inspect();
    let detached = false;
    try {
      return await attachUntilExit(context, Name.slice(1), {
        stdin: interactive,
        tty,
        sigProxy: flags.sigProxy,
        start: () => container.start(),
        ...(flags.detachKeys === undefined
          ? {}
          : { detachKeys: parseDetachKeys(flags.detachKeys) }),
        onDetach: () => {
          detached = true;
        },
      });
    } finally {
      if (flags.rm && !detached) await container.remove({ force: true, v: true });
    }
  },
});

function createOptions(
  context: CommandContext,
  image: string,
  command: readonly string[],
  flags: RunFlags,
): ContainerCreateOptions {
  const ports = (flags.publish ?? []).map(parsePort);
  const mounts = (flags.volume ?? []).map((text) => parseMount(text, context.host.cwd));
  const [policy = 'no', retries] = (flags.restart ?? 'no').split(':');
  if (flags.rm && policy !== 'no') {
    throw new AppError('CLI_USAGE', '--rm and --restart cannot be combined');
  }
  const options = {
    Image: image,
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(command.length === 0 ? {} : { Cmd: [...command] }),
    ...(flags.entrypoint === undefined ? {} : { Entrypoint: [flags.entrypoint] }),
    ...(flags.hostname === undefined ? {} : { Hostname: flags.hostname }),
    ...(flags.user === undefined ? {} : { User: flags.user }),
    ...(flags.workdir === undefined ? {} : { WorkingDir: flags.workdir }),
    Env: environmentEntries(context, flags.env ?? []),
    Labels: keyValues(flags.label ?? []),
    Tty: flags.tty ?? false,
    OpenStdin: flags.interactive ?? false,
    StdinOnce: flags.interactive === true && !flags.detach,
    ExposedPorts: Object.fromEntries(
      ports.map(({ target, protocol }) => [`${target}/${protocol}`, {}]),
    ),
    HostConfig: {
      ...(flags.network === undefined ? {} : { NetworkMode: flags.network }),
      // A container that outlives the command is removed by its shim's end, not by ours.
      AutoRemove: (flags.rm ?? false) && (flags.detach ?? false),
      Init: flags.init ?? false,
      Privileged: flags.privileged ?? false,
      ReadonlyRootfs: flags.readOnly ?? false,
      RestartPolicy: {
        Name: policy,
        ...(retries === undefined ? {} : { MaximumRetryCount: Number(retries) }),
      },
      PortBindings: bindings(ports),
      Mounts: mounts.map(({ type, source, target, read_only = false, bind }) => ({
        Type: type,
        ...(source === undefined ? {} : { Source: source }),
        Target: target,
        ReadOnly: read_only,
        ...(bind === undefined ? {} : { BindOptions: { CreateMountpoint: true } }),
      })),
    },
  };
  // dockerode's types demand fields of Mounts that the API makes optional.
  return options as unknown as ContainerCreateOptions;
}

function bindings(ports: readonly ReturnType<typeof parsePort>[]) {
  const bound: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { target, protocol, host_ip, published } of ports) {
    const key = `${target}/${protocol}`;
    bound[key] = [...(bound[key] ?? []), { HostIp: host_ip ?? '', HostPort: published ?? '' }];
  }
  return bound;
}
