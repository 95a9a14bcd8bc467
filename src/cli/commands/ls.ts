import {
  configFilesOf,
  type ObservedContainer,
  observedContainer,
  projectLabel,
} from '../../compose/plan/index.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { listFormatFlag } from '../listing/index.ts';
import { formatTable } from '../text/table.ts';

interface LsFlags {
  readonly all?: boolean;
  readonly filter?: readonly string[];
  readonly format: string;
  readonly quiet?: boolean;
}

/** Docker's `ls` pads its columns to at least this width. */
const columnWidth = 20;

export const lsCommand = defineCommand<LsFlags>({
  name: 'ls',
  positional: '',
  summary: 'List running compose projects',
  flags: [
    { flags: '-a, --all', description: 'Show all stopped Compose projects' },
    { flags: '--filter <filter>', description: 'Filter output (name=PATTERN)', kind: 'list' },
    listFormatFlag,
    { flags: '-q, --quiet', description: 'Only display project names' },
  ],
  examples: ['compose ls -a', 'compose ls --format json'],
  async run(context, _args, flags) {
    const engine = await context.engine();
    const infos = await engine.listContainers({ all: true, filters: { label: [projectLabel] } });
    const projects = new Map<string, ObservedContainer[]>();
    for (const info of infos) {
      const container = observedContainer(info);
      if (container === undefined) continue;
      projects.set(container.project, [...(projects.get(container.project) ?? []), container]);
    }
    const matches = nameFilter(flags.filter ?? []);
    const rows = [...projects]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .filter(([name]) => matches(name))
      .map(([name, containers]) => {
        const counted = containers.filter(({ state }) => flags.all || state === 'running');
        return { Name: name, Status: countStates(counted), ConfigFiles: configFilesOf(containers) };
      })
      .filter(({ Status }) => Status !== '');
    if (flags.quiet) context.out(rows.map(({ Name }) => `${Name}\n`).join(''));
    else if (flags.format === 'json') context.out(`${JSON.stringify(rows)}\n`);
    else {
      context.out(
        formatTable(
          ['NAME', 'STATUS', 'CONFIG FILES'],
          rows.map(({ Name, Status, ConfigFiles }) => [Name, Status, ConfigFiles]),
          columnWidth,
        ),
      );
    }
    return 0;
  },
});

/** `exited(1), running(2)`. */
function countStates(containers: readonly ObservedContainer[]): string {
  const counts = new Map<string, number>();
  for (const { state } of containers) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([state, count]) => `${state}(${count})`)
    .join(', ');
}

function nameFilter(filters: readonly string[]): (name: string) => boolean {
  const patterns = filters.map((filter) => {
    const match = /^name=(.*)$/.exec(filter);
    if (match === null) {
      throw new AppError('CLI_USAGE', `unknown filter "${filter}": supported is name=PATTERN`);
    }
    return match[1] ?? '';
  });
  return (name) => patterns.length === 0 || patterns.some((pattern) => name.includes(pattern));
}
