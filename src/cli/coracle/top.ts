import { execFile } from 'node:child_process';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { processesOf } from '../container-processes.ts';
import { stripControls } from '../text/strip-controls.ts';
import { formatTable } from '../text/table.ts';

/** Docker's `top` has columns of at least this width. */
const minimumWidth = 20;

export const topCommand = defineCommand({
  name: 'top',
  positional: 'CONTAINER [ps OPTIONS]',
  summary: 'Display the running processes of a container',
  flags: [],
  passThrough: true,
  examples: ['coracle top web', 'coracle top web -o pid,rss,args'],
  async run(context, [name, ...psOptions]) {
    if (name === undefined) throw new AppError('CLI_USAGE', 'top needs a container');
    const engine = await context.engine();
    const { Id, State } = await engine.getContainer(name).inspect();
    if (!State.Running) {
      throw new AppError('ENGINE_CONTAINER_NOT_RUNNING', `container ${Id} is not running`);
    }
    const pids = await engine.processes(Id);
    const [header, ...rows] =
      psOptions.length > 0
        ? await psTable(psOptions, new Set(pids))
        : [
            ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'],
            ...processesOf(pids, context.host.now()).map((process) => [
              ...[process.user, String(process.pid), String(process.parent), process.cpu],
              ...[process.startTime, process.tty, process.cpuTime, process.command],
            ]),
          ];
    context.out(formatTable(header ?? [], rows, minimumWidth));
    return 0;
  },
});

/** The host's own `ps`, cut down to the container's processes. */
async function psTable(options: readonly string[], pids: ReadonlySet<number>): Promise<string[][]> {
  const text = await new Promise<string>((resolve, reject) => {
    execFile('ps', options, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new AppError('CLI_USAGE', `ps: ${stderr.trim() || error.message}`, { cause: error }),
        );
    });
  });
  const [head = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '');
  const titles = head.trim().split(/\s+/);
  const column = titles.indexOf('PID');
  if (column < 0) throw new AppError('CLI_USAGE', "couldn't find PID field in ps output");
  const rows = lines
    .map((line) => fields(line, titles.length))
    .filter((row) => pids.has(Number(row[column])));
  return [titles, ...rows.map((row) => row.map(stripControls))];
}

/** The last column may hold blanks. */
function fields(line: string, count: number): string[] {
  const words = line.trim().split(/\s+/);
  return [...words.slice(0, count - 1), words.slice(count - 1).join(' ')];
}
