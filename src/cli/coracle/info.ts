import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { goJson } from '../text/go-json.ts';
import { version } from '../version.ts';

/** `coracle info`: the engine's counts and what the machine offers. */
export const infoCommand = defineCommand<{ readonly format?: string }>({
  name: 'info',
  positional: '',
  summary: 'Display system-wide information',
  flags: [
    { flags: '-f, --format <format>', description: 'json or a Go template', suggestions: ['json'] },
  ],
  examples: ["coracle info --format '{{.ContainersRunning}}'"],
  async run(context, _args, { format }) {
    const info = await collect(context);
    if (format === undefined || format === '') context.out(toText(info));
    else if (format === 'json') context.out(`${goJson(info)}\n`);
    else {
      const { renderValue } = await import('../listing/render-template.ts');
      context.out(`${renderValue(info, format)}\n`);
    }
    return 0;
  },
});

async function collect(context: CommandContext) {
  const engine = await context.engine();
  const images = await engine.listImages();
  return { ...(await engine.info()), Images: images.length, ServerVersion: version };
}

function toText(info: Awaited<ReturnType<typeof collect>>): string {
  const gib = (info.MemTotal / 2 ** 30).toPrecision(4);
  const lines = [
    `Containers: ${info.Containers}`,
    ` Running: ${info.ContainersRunning}`,
    ` Paused: ${info.ContainersPaused}`,
    ` Stopped: ${info.ContainersStopped}`,
    `Images: ${info.Images}`,
    `Server Version: ${info.ServerVersion}`,
    `Storage Driver: ${info.Driver}`,
    `Cgroup Version: ${info.CgroupVersion}`,
    `Kernel Version: ${info.KernelVersion}`,
    `OSType: ${info.OSType}`,
    `Architecture: ${info.Architecture}`,
    `CPUs: ${info.NCPU}`,
    `Total Memory: ${gib}GiB`,
    `Name: ${info.Name}`,
    `Coracle Root Dir: ${info.DockerRootDir}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}
