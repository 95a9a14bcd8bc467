import { AppError } from '../../core/index.ts';
import type { EngineEvent } from '../../state/index.ts';
import type { Filters } from '../api.ts';

type Test = (event: EngineEvent, value: string) => boolean;

const filters: Readonly<Record<string, Test>> = {
  type: (event, value) => event.Type === value,
  // `health_status` stands for `health_status: healthy`, too.
  event: (event, value) => event.Action === value || event.Action.startsWith(`${value}:`),
  container: (event, value) => event.Type === 'container' && isActor(event, value),
  network: (event, value) => event.Type === 'network' && isActor(event, value),
  volume: (event, value) => event.Type === 'volume' && isActor(event, value),
  image: (event, value) =>
    (event.Type === 'image' && isActor(event, value)) || event.Actor.Attributes.image === value,
  label: (event, value) => {
    const end = value.indexOf('=');
    if (end < 0) return value in event.Actor.Attributes;
    return event.Actor.Attributes[value.slice(0, end)] === value.slice(end + 1);
  },
};

function isActor({ Actor }: EngineEvent, value: string): boolean {
  return Actor.Attributes.name === value || (value !== '' && Actor.ID.startsWith(value));
}

/**
 * Docker's filters of events: values of one are alternatives, except for labels.
 * @throws {AppError} `ENGINE_FILTER_INVALID`
 */
export function eventFilter(given: Filters): (event: EngineEvent) => boolean {
  const tests = Object.entries(given).map(([name, values]) => {
    const test = Object.hasOwn(filters, name) ? filters[name] : undefined;
    if (test === undefined) {
      const known = Object.keys(filters).join(', ');
      throw new AppError('ENGINE_FILTER_INVALID', `invalid filter '${name}'; known: ${known}`);
    }
    return (event: EngineEvent) =>
      name === 'label'
        ? values.every((value) => test(event, value))
        : values.length === 0 || values.some((value) => test(event, value));
  });
  return (event) => tests.every((test) => test(event));
}
