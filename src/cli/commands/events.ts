import { projectLabel, serviceLabel } from '../../compose/plan/index.ts';
import type { EngineEvent } from '../../engine/index.ts';
import { defineCommand } from '../command.ts';
import { eventsBetween } from '../events-between.ts';

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
  examples: ['compose events --json', 'compose events --since 10m web'],
  async run(context, services, { json = false, since, until }) {
    const project = await context.projectName();
    const filters = { type: ['container'], label: [`${projectLabel}=${project}`] };
    return eventsBetween(context, { filters, since, until }, (event) => {
      const service = event.Actor.Attributes[serviceLabel] ?? '';
      if (services.length > 0 && !services.includes(service)) return;
      context.out(`${json ? toJson(event) : toText(event)}\n`);
    });
  },
});

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
