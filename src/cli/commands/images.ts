import { humanDuration } from '../../core/index.ts';
import type { ImageInspectInfo } from '../../engine/index.ts';
import { defineCommand } from '../command.ts';
import { listFormatFlag } from '../listing/index.ts';
import { selectContainers } from '../select-containers.ts';
import { formatBytes } from '../text/format-bytes.ts';
import { formatTable } from '../text/table.ts';

interface ImagesFlags {
  readonly format: string;
  readonly quiet?: boolean;
}

/** Docker's `images` pads its columns to at least this width. */
const columnWidth = 20;

export const imagesCommand = defineCommand<ImagesFlags>({
  name: 'images',
  positional: '[SERVICE...]',
  summary: 'List images used by the created containers',
  flags: [listFormatFlag, { flags: '-q, --quiet', description: 'Only display IDs' }],
  examples: ['compose images', 'compose images --format json web'],
  async run(context, services, { format, quiet = false }) {
    const project = await context.projectName();
    const containers = await selectContainers(context, project, { services });
    const engine = await context.engine();
    const inspected = new Map<string, ImageInspectInfo>();
    for (const { info } of containers) {
      if (!inspected.has(info.ImageID)) {
        inspected.set(info.ImageID, await engine.getImage(info.ImageID).inspect());
      }
    }
    if (quiet) {
      context.out([...inspected.keys()].map((id) => `${id.replace('sha256:', '')}\n`).join(''));
      return 0;
    }
    const rows = containers.flatMap(({ name, info }) => {
      const image = inspected.get(info.ImageID);
      if (image === undefined) return [];
      const { repository, tag } = splitReference(info.Image);
      return [
        {
          ID: info.ImageID,
          ContainerName: name,
          Repository: repository,
          Tag: tag,
          Platform: `${image.Os}/${image.Architecture}`,
          Size: image.Size,
          Created: image.Created,
        },
      ];
    });
    if (format === 'json') {
      context.out(`${JSON.stringify(rows)}\n`);
      return 0;
    }
    const nowMs = context.host.now();
    const header = ['CONTAINER', 'REPOSITORY', 'TAG', 'PLATFORM', 'IMAGE ID', 'SIZE', 'CREATED'];
    context.out(
      formatTable(
        header,
        rows.map((row) => [
          row.ContainerName,
          row.Repository,
          row.Tag,
          row.Platform,
          row.ID.replace('sha256:', '').slice(0, 12),
          formatBytes(row.Size),
          `${humanDuration(nowMs - Date.parse(row.Created))} ago`,
        ]),
        columnWidth,
      ),
    );
    return 0;
  },
});

function splitReference(reference: string): { repository: string; tag: string } {
  const match = /^(.+?)(?::([^:/@]+))?(?:@.+)?$/.exec(reference);
  return { repository: match?.[1] ?? reference, tag: match?.[2] ?? 'latest' };
}
