import { defineCommand } from '../command.ts';
import { processesOf } from '../container-processes.ts';
import { selectContainers } from '../select-containers.ts';
import { formatTable } from '../text/table.ts';

export const topCommand = defineCommand({
  name: 'top',
  positional: '[SERVICES...]',
  summary: 'Display the running processes',
  flags: [],
  examples: ['compose top', 'compose top web'],
  async run(context, services) {
    const project = await context.projectName();
    const containers = await selectContainers(context, project, { services, oneoffs: true });
    const engine = await context.engine();
    const rows: string[][] = [];
    for (const { id, service, number, oneoff, state } of containers) {
      if (state !== 'running' && state !== 'paused') continue;
      for (const process of processesOf(await engine.processes(id), context.host.now())) {
        rows.push([
          service,
          oneoff ? '' : String(number),
          process.user,
          String(process.pid),
          String(process.parent),
          process.cpu,
          process.startTime,
          process.tty,
          process.cpuTime,
          process.command,
        ]);
      }
    }
    const header = ['SERVICE', '#', 'UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'];
    if (rows.length > 0) context.out(formatTable(header, rows));
    return 0;
  },
});
