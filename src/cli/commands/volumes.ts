import { projectLabel } from '../../compose/plan/index.ts';
import { defineCommand } from '../command.ts';
import { formatFlag, renderListing } from '../listing/index.ts';
import { volumeListing, volumeRow } from '../listing/volume-listing.ts';
import { selectContainers } from '../select-containers.ts';

export const volumesCommand = defineCommand<{
  readonly format: string;
  readonly quiet?: boolean;
}>({
  name: 'volumes',
  positional: '[SERVICE...]',
  summary: 'List volumes',
  flags: [formatFlag, { flags: '-q, --quiet', description: 'Only display volume names' }],
  examples: ["compose volumes --format '{{.Name}} {{.Mountpoint}}'"],
  async run(context, services, { format, quiet = false }) {
    const project = await context.projectName();
    const engine = await context.engine();
    const { Volumes } = await engine.listVolumes({
      filters: { label: [`${projectLabel}=${project}`] },
    });
    const used =
      services.length === 0
        ? undefined
        : new Set(
            (await selectContainers(context, project, { services })).flatMap(({ info }) =>
              info.Mounts.flatMap(({ Name }) => (Name === undefined ? [] : [Name])),
            ),
          );
    const shown = Volumes.filter(({ Name }) => used === undefined || used.has(Name));
    if (quiet) context.out(shown.map(({ Name }) => `${Name}\n`).join(''));
    else context.out(await renderListing(volumeListing, shown.map(volumeRow), format));
    return 0;
  },
});
