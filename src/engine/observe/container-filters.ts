import { AppError } from '../../core/index.ts';
import type { Filters } from '../api.ts';
import type { ContainerRecord } from '../container-record.ts';
import { parsePortKey } from '../create/published-ports.ts';
import type { ContainerState } from './read-state.ts';

/** What a filter looks at. */
export interface Candidate {
  readonly record: ContainerRecord;
  readonly state: ContainerState;
}

/** What filters need from elsewhere, asked only where one of them is used. */
export interface FilterSurroundings {
  /** The container that `before` or `since` names. @throws {AppError} `ENGINE_CONTAINER_NOT_FOUND` */
  readonly findContainer: (idOrName: string) => ContainerRecord;
  /** Ids of the images that `ancestor` names. */
  readonly findImages: (reference: string) => Promise<readonly string[]>;
}

type Test = (candidate: Candidate) => boolean;
type Compile = (
  values: readonly string[],
  surroundings: FilterSurroundings,
) => Test | Promise<Test>;

const statuses = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
const healths = ['starting', 'healthy', 'unhealthy', 'none'];

/** Docker's filters. Within one filter, values are alternatives, except for labels, which must all be there. */
const filters: Readonly<Record<string, Compile>> = {
  id: (values) => {
    const tests = values.map((value) => matcher(value));
    return ({ record }) => tests.some((test) => test(record.id));
  },
  name: (values) => {
    const tests = values.map((value) => matcher(value));
    return ({ record }) => tests.some((test) => test(record.name) || test(`/${record.name}`));
  },
  label: (values) => {
    const wanted = values.map((value) => {
      const end = value.indexOf('=');
      return end < 0 ? ([value] as const) : ([value.slice(0, end), value.slice(end + 1)] as const);
    });
    return ({ record }) =>
      wanted.every(([key, value]) => {
        const own = record.config.Labels[key];
        return own !== undefined && (value === undefined || own === value);
      });
  },
  status: (values) => {
    oneOf('status', 'state', values, statuses);
    return ({ state }) => values.includes(state.status);
  },
  health: (values) => {
    oneOf('health', 'health', values, healths);
    return ({ state }) => values.includes(state.health?.status ?? 'none');
  },
  exited: (values) => {
    const codes = values.map((value) => {
      if (!/^-?\d+$/.test(value)) throw invalid(`invalid filter 'exited=${value}'`);
      return Number(value);
    });
    return ({ state }) => state.status === 'exited' && codes.includes(state.exitCode);
  },
  network: (values) => {
    return ({ record }) =>
      values.some((value) =>
        record.networkMode.kind === 'host' || record.networkMode.kind === 'none'
          ? value === record.networkMode.kind
          : record.endpoints.some(
              ({ networkId, networkName }) =>
                networkName === value || (value !== '' && networkId.startsWith(value)),
            ),
      );
  },
  volume: (values) => {
    return ({ record }) =>
      record.mounts.some((mount) =>
        values.some(
          (value) => mount.target === value || mount.volume === value || mount.source === value,
        ),
      );
  },
  ancestor: async (values, { findImages }) => {
    const ids = new Set((await Promise.all(values.map((value) => findImages(value)))).flat());
    return ({ record }) => ids.has(record.imageId) || values.includes(record.config.Image);
  },
  before: (values, { findContainer }) => {
    const limit = values.map((value) => findContainer(value).created);
    return ({ record }) => limit.every((time) => record.created < time);
  },
  since: (values, { findContainer }) => {
    const limit = values.map((value) => findContainer(value).created);
    return ({ record }) => limit.every((time) => record.created > time);
  },
  publish: (values) => {
    const wanted = values.map(parsePortKey);
    return ({ record }) =>
      record.ports.some((port) =>
        wanted.some(
          (want) =>
            want.protocol === port.protocol && want.port === (port.hostPort || port.containerPort),
        ),
      );
  },
  expose: (values) => {
    const wanted = values.map(parsePortKey);
    return ({ record }) =>
      wanted.some(
        ({ port, protocol }) => `${port}/${protocol}` in (record.config.ExposedPorts ?? {}),
      );
  },
};

/** Filters that say by themselves that stopped containers are meant, too. */
const impliesAll = ['status', 'before', 'since', 'exited'];

/** True where a listing without `all` shows running containers only. */
export function onlyRunning(all: boolean | undefined, given: Filters): boolean {
  return !all && !impliesAll.some((name) => given[name]?.length);
}

/**
 * Compiles filters into one test.
 * @throws {AppError} `ENGINE_FILTER_INVALID`
 */
export async function compileFilters(
  given: Filters,
  surroundings: FilterSurroundings,
): Promise<Test> {
  const tests: Test[] = [];
  for (const [name, values] of Object.entries(given)) {
    const compile = Object.hasOwn(filters, name) ? filters[name] : undefined;
    if (compile === undefined) {
      throw invalid(`invalid filter '${name}'; known: ${Object.keys(filters).join(', ')}`);
    }
    if (values.length > 0) tests.push(await compile(values, surroundings));
  }
  return (candidate) => tests.every((test) => test(candidate));
}

/** A regular expression, as in Docker; text that is none is compared as it stands. */
function matcher(pattern: string): (text: string) => boolean {
  try {
    const expression = new RegExp(pattern);
    return (text) => expression.test(text);
  } catch {
    // SyntaxError: the user meant the characters.
    return (text) => text.includes(pattern);
  }
}

function oneOf(
  name: string,
  what: string,
  values: readonly string[],
  known: readonly string[],
): void {
  const wrong = values.find((value) => !known.includes(value));
  if (wrong === undefined) return;
  throw invalid(
    `invalid filter '${name}=${wrong}': invalid value for ${what} (${wrong}): must be one of ${known.join(', ')}`,
  );
}

function invalid(message: string): AppError {
  return new AppError('ENGINE_FILTER_INVALID', message);
}
