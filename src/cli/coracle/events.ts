import type { EngineEvent } from '../../engine/index.ts';
import { defineCommand } from '../command.ts';
import { eventsBetween } from '../events-between.ts';
import { goJson } from '../text/go-json.ts';
import { parseFilters } from './image-filters.ts';

export const eventsCommand = defineCommand<{
  readonly filter?: readonly string[];
  readonly format?: string;
  readonly since?: string;
  readonly until?: string;
}>({
  name: 'events',
  positional: '',
  summary: 'Get real time events from the engine',
  flags: [
    {
      flags: '-f, --filter <key=value>',
      description: 'type, event, container, network, volume, image or label',
      kind: 'list',
    },
    { flags: '--format <format>', description: 'json or a Go template', suggestions: ['json'] },
    { flags: '--since <time>', description: 'Show all events created since a time or span' },
    { flags: '--until <time>', description: 'Stream events until this time or span before now' },
  ],
  examples: [
    'coracle events --since 1h --until 0s',
    'coracle events --filter type=container --format json',
  ],
  async run(context, _args, { filter = [], format, since, until }) {
    const print = await eventPrinter(format);
    return eventsBetween(context, { filters: parseFilters(filter), since, until }, (event) => {
      context.out(`${print(event)}\n`);
    });
  },
});

async function eventPrinter(format: string | undefined): Promise<(event: EngineEvent) => string> {
  if (format === undefined || format === '') return toText;
  if (format === 'json') return goJson;
  const { renderValue } = await import('../listing/render-template.ts');
  return (event) => renderValue(event, format);
}

/** `2026-11-23T23:34:56.158861123Z container start <id> (image=bench/tiny, name=demo-c-1)`. */
function toText({ Type, Action, Actor, timeNano }: EngineEvent): string {
  const nanos = String(Math.round(timeNano % 1e9)).padStart(9, '0');
  const time = `${new Date(timeNano / 1e6).toISOString().slice(0, 19)}.${nanos}Z`;
  const attributes = Object.entries(Actor.Attributes)
    .filter(([key]) => !key.startsWith('dev.coracle.'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  return `${time} ${Type} ${Action} ${Actor.ID} (${attributes.join(', ')})`;
}
