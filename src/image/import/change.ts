/**
 * `--change` instructions of import and bootstrap: the lines of a Dockerfile that set an image's configuration
 * and need no build.
 *
 * @see Dockerfile reference, and `docker import --change`
 */
import { posix } from 'node:path';
import { AppError, parseGoDuration } from '../../core/index.ts';
import type { ExecutionConfig, HealthcheckConfig } from '../oci.wire.ts';
import { keyValues, words } from './change-words.ts';

type Apply = (config: ExecutionConfig, argument: string, fail: Fail) => ExecutionConfig;
type Fail = (why: string) => AppError;

const instructions: Readonly<Record<string, Apply>> = {
  CMD: (config, argument, fail) => ({ ...config, Cmd: command(config, argument, fail) }),
  // A new entry point makes an inherited command meaningless, as in a Dockerfile.
  ENTRYPOINT: (config, argument, fail) => {
    const { Cmd, ...rest } = config;
    return { ...rest, Entrypoint: command(config, argument, fail) };
  },
  ENV: (config, argument, fail) => {
    let env = config.Env ?? [];
    for (const [key, value] of keyValues(argument, fail)) {
      const line = `${key}=${value}`;
      const isKey = (entry: string) => entry.startsWith(`${key}=`);
      env = env.some(isKey) ? env.map((entry) => (isKey(entry) ? line : entry)) : [...env, line];
    }
    return { ...config, Env: env };
  },
  EXPOSE: (config, argument, fail) => {
    const ports: Record<string, object> = { ...config.ExposedPorts };
    for (const word of nonEmpty(words(argument, fail), fail)) {
      for (const port of exposedPorts(word, fail)) ports[port] = {};
    }
    return { ...config, ExposedPorts: ports };
  },
  HEALTHCHECK: (config, argument, fail) => ({
    ...config,
    Healthcheck: healthcheck(argument, fail),
  }),
  LABEL: (config, argument, fail) => ({
    ...config,
    Labels: { ...config.Labels, ...Object.fromEntries(keyValues(argument, fail)) },
  }),
  ONBUILD: (config, argument, fail) => {
    const trigger = /^\w+/.exec(argument)?.[0].toUpperCase();
    if (trigger === undefined) throw fail('it names no instruction');
    if (trigger === 'ONBUILD' || trigger === 'FROM' || trigger === 'MAINTAINER') {
      throw fail(`${trigger} cannot be a trigger`);
    }
    return { ...config, OnBuild: [...(config.OnBuild ?? []), argument] };
  },
  STOPSIGNAL: (config, argument, fail) => ({ ...config, StopSignal: oneWord(argument, fail) }),
  USER: (config, argument, fail) => ({ ...config, User: oneWord(argument, fail) }),
  VOLUME: (config, argument, fail) => {
    const volumes: Record<string, object> = { ...config.Volumes };
    for (const path of nonEmpty(jsonWords(argument, fail) ?? words(argument, fail), fail)) {
      if (path.trim() === '') throw fail('a path is empty');
      volumes[path] = {};
    }
    return { ...config, Volumes: volumes };
  },
  WORKDIR: (config, argument, fail) => {
    const path = nonEmpty(words(argument, fail), fail).join(' ');
    return { ...config, WorkingDir: posix.resolve('/', config.WorkingDir ?? '', path) };
  },
};

/**
 * Applies one instruction, such as `EXPOSE 80 443/udp`, to a configuration.
 * @throws {AppError} `IMAGE_CHANGE_INVALID`
 */
export function applyChange(config: ExecutionConfig, change: string): ExecutionConfig {
  const fail = (why: string) =>
    new AppError('IMAGE_CHANGE_INVALID', `change "${change}": ${why}`, { details: { change } });
  const [, name = '', argument = ''] = /^\s*(\S+)\s*([\s\S]*?)\s*$/.exec(change) ?? [];
  const apply = instructions[name.toUpperCase()];
  if (apply === undefined) throw fail(name === '' ? 'it is empty' : `${name} is not supported`);
  if (argument === '') throw fail('it needs an argument');
  return apply(config, argument, fail);
}

/** The JSON form as it stands; the shell form wrapped into the shell. */
function command(config: ExecutionConfig, argument: string, fail: Fail): string[] {
  return jsonWords(argument, fail) ?? [...(config.Shell ?? ['/bin/sh', '-c']), argument];
}

/**
 * `["a","b"]`; undefined where it is the shell form. As in a Dockerfile, what starts like an array and is none
 * (`[ -f x ] && y`) is the shell form too.
 */
function jsonWords(argument: string, fail: Fail): string[] | undefined {
  if (!argument.startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(argument);
  } catch {
    // Not JSON: a shell's test command.
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (!value.every((word): word is string => typeof word === 'string')) {
    throw fail('its JSON array holds something else than strings');
  }
  return value;
}

function oneWord(argument: string, fail: Fail): string {
  const [word, ...more] = words(argument, fail);
  if (word === undefined || more.length > 0) throw fail('it takes one argument');
  return word;
}

function nonEmpty(list: string[], fail: Fail): string[] {
  if (list.length === 0) throw fail('it needs an argument');
  return list;
}

/** `80`, `80/udp`, `8000-8010/tcp` → `80/tcp`, … */
function exposedPorts(word: string, fail: Fail): string[] {
  const [, from, to = from, protocol = 'tcp'] =
    /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/i.exec(word) ?? [];
  const first = Number(from);
  const last = Number(to);
  if (from === undefined || first < 1 || last > 65535 || last < first) {
    throw fail(`"${word}" is no port`);
  }
  return Array.from(
    { length: last - first + 1 },
    (_, offset) => `${first + offset}/${protocol.toLowerCase()}`,
  );
}

const healthFlags: Readonly<Record<string, keyof HealthcheckConfig>> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
};

function healthcheck(argument: string, fail: Fail): HealthcheckConfig {
  const settings: Record<string, number> = {};
  let rest = argument;
  for (;;) {
    const [whole, flag = '', value = ''] = /^--([a-z-]+)=(\S+)\s*/.exec(rest) ?? [];
    if (whole === undefined) break;
    rest = rest.slice(whole.length);
    if (flag === 'retries') {
      if (!/^\d+$/.test(value)) throw fail(`--retries=${value} is no number`);
      settings.Retries = Number(value);
      continue;
    }
    const key = healthFlags[flag];
    const ns = parseGoDuration(value);
    if (key === undefined) throw fail(`--${flag} is no flag of HEALTHCHECK`);
    if (ns === undefined || ns < 0) throw fail(`--${flag}=${value} is no duration`);
    settings[key] = ns;
  }
  const [, kind = '', test = ''] = /^(\S+)\s*([\s\S]*)$/.exec(rest) ?? [];
  if (kind.toUpperCase() === 'NONE' && test === '') return { Test: ['NONE'] };
  if (kind.toUpperCase() !== 'CMD' || test === '')
    throw fail('CMD and a command, or NONE, is needed');
  const json = jsonWords(test, fail);
  if (json) return { Test: ['CMD', ...json], ...settings };
  return { Test: ['CMD-SHELL', test], ...settings };
}
