import { closeSync, openSync, readSync } from 'node:fs';
import { projectLabel, serviceLabel } from '../../compose/plan/index.ts';
import { type EngineEvent, eventsPath, isErrno } from '../../state/index.ts';
import { defineCommand } from '../command.ts';
import { parseLogTime, watchEvents } from '../logs/index.ts';

interface EventsFlags {
  readonly json?: boolean;
  readonly since?: string;
  readonly until?: string;
}

export const eventsCommand = defineCommand<EventsFlags>({
  name: 'events',
  positional: '[SERVICE...]',
  summary: 'Receive real time events from containers',
  flags: [
    { flags: '--json', description: 'Output events as a stream of JSON objects' },
    { flags: '--since <time>', description: 'Show all events created since a time or span' },
    { flags: '--until <time>', description: 'Stream events until this time or span before now' },
  ],
  async run(context, services, { json = false, since, until }) {
    const project = await context.projectName();
    const { host, roots } = context;
    const toMs = (text: string, flag: string) => Date.parse(parseLogTime(text, host.now(), flag));
    const fromMs = since === undefined ? host.now() : toMs(since, '--since');
    const untilMs = until === undefined ? Number.POSITIVE_INFINITY : toMs(until, '--until');
    const reader = new EventReader(eventsPath(roots));
    const print = () => {
      for (const event of reader.read()) {
        const { Attributes } = event.Actor;
        const ms = event.timeNano / 1e6;
        if (event.Type !== 'container' || Attributes[projectLabel] !== project) continue;
        if (services.length > 0 && !services.includes(Attributes[serviceLabel] ?? '')) continue;
        if (ms >= fromMs && ms < untilMs) context.out(`${json ? toJson(event) : toText(event)}\n`);
      }
    };
    const end = new AbortController();
    const offs = [
      ...(['SIGINT', 'SIGTERM'] as const).map((signal) => host.onSignal(signal, () => end.abort())),
      watchEvents(roots, print),
    ];
    print();
    try {
      await new Promise<void>((resolve) => {
        // The timer also keeps the process alive: watching alone does not.
        const leftMs = Math.min(untilMs - host.now(), 2 ** 31 - 1);
        const timer = setTimeout(resolve, Math.max(0, leftMs));
        end.signal.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      });
    } finally {
      for (const off of offs) off();
    }
    return end.signal.aborted ? 130 : 0;
  },
});

/** Reads the event log from where it stopped the last time; a line that is not complete yet is left for later. */
class EventReader {
  readonly #path: string;
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  read(): EngineEvent[] {
    let fd: number;
    try {
      fd = openSync(this.#path, 'r');
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
    try {
      const chunks: Buffer[] = [];
      for (;;) {
        const chunk = Buffer.alloc(64 * 1024);
        const count = readSync(fd, chunk, 0, chunk.length, this.#offset + length(chunks));
        if (count === 0) break;
        chunks.push(chunk.subarray(0, count));
      }
      const bytes = Buffer.concat(chunks);
      const complete = bytes.subarray(0, bytes.lastIndexOf('\n') + 1);
      this.#offset += complete.length;
      return complete
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as EngineEvent);
    } finally {
      closeSync(fd);
    }
  }
}

function length(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/** `2026-11-23 23:34:56.158861 container start <id> (image=bench/tiny, name=demo-c-1)`. */
function toText({ Type, Action, Actor, timeNano }: EngineEvent): string {
  const time = new Date(timeNano / 1e6).toISOString().slice(0, 23).replace('T', ' ');
  const micros = String(Math.floor(timeNano / 1e3) % 1000).padStart(3, '0');
  const attributes = ownAttributes(Actor.Attributes).map(([key, value]) => `${key}=${value}`);
  return `${time}${micros} ${Type} ${Action} ${Actor.ID} (${attributes.join(', ')})`;
}

function toJson({ Type, Action, Actor, timeNano }: EngineEvent): string {
  return JSON.stringify({
    action: Action,
    attributes: Object.fromEntries(ownAttributes(Actor.Attributes)),
    id: Actor.ID,
    service: Actor.Attributes[serviceLabel] ?? '',
    time: new Date(timeNano / 1e6).toISOString(),
    type: Type,
  });
}

/** Without the labels that say what is already known. */
function ownAttributes(attributes: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(attributes)
    .filter(([key]) => !key.startsWith('com.docker.compose.') && !key.startsWith('dev.coracle.'))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
