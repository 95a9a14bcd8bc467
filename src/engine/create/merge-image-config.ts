import type Dockerode from 'dockerode';
import { AppError } from '../../core/index.ts';
import type { ContainerCreateOptions } from '../api.ts';

export type HealthConfig = Dockerode.HealthConfig;

/** A healthcheck as an image has it. */
export interface ReadonlyHealthConfig extends Readonly<Omit<HealthConfig, 'Test'>> {
  readonly Test?: readonly string[];
}

/** The part of an OCI image configuration that a container inherits (image-spec, config.md, "config"). */
export interface ImageDefaults {
  readonly Env?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Entrypoint?: readonly string[] | null;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Volumes?: Readonly<Record<string, object>> | null;
  readonly ExposedPorts?: Readonly<Record<string, object>> | null;
  readonly StopSignal?: string;
  readonly StopTimeout?: number | null;
  readonly Healthcheck?: ReadonlyHealthConfig | null;
  readonly Shell?: readonly string[] | null;
}

/** A container's configuration after the image's has been merged in: what `inspect` shows as `Config`. */
export interface ContainerConfig {
  Hostname: string;
  Domainname: string;
  User: string;
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  ExposedPorts?: Record<string, object>;
  Tty: boolean;
  OpenStdin: boolean;
  StdinOnce: boolean;
  Env: string[];
  Cmd: string[] | null;
  Healthcheck?: HealthConfig;
  Image: string;
  Volumes: Record<string, object> | null;
  WorkingDir: string;
  Entrypoint: string[] | null;
  NetworkDisabled?: boolean;
  MacAddress?: string;
  OnBuild: null;
  Labels: Record<string, string>;
  StopSignal?: string;
  StopTimeout?: number;
  Shell?: string[];
}

/**
 * Merges create options with the image's configuration by the rules of Docker Engine: the caller's value wins, maps and
 * environments are united by key, and an entrypoint of the caller's hides the image's command.
 * @throws {AppError} `ENGINE_CREATE_OPTION_INVALID` where neither says what to run.
 */
export function mergeImageConfig(
  options: ContainerCreateOptions,
  image: ImageDefaults,
  hostname: string,
): ContainerConfig {
  const { Entrypoint, Cmd } = mergeCommand(options, image);
  const exposed = { ...image.ExposedPorts, ...options.ExposedPorts };
  const volumes = { ...image.Volumes, ...options.Volumes };
  const healthcheck = mergeHealthcheck(options.Healthcheck, image.Healthcheck);
  const stopSignal = options.StopSignal || image.StopSignal;
  const stopTimeout = options.StopTimeout ?? image.StopTimeout ?? undefined;
  const shell = options.Shell ?? image.Shell ?? undefined;
  return {
    Hostname: options.Hostname || hostname,
    Domainname: options.Domainname ?? '',
    User: options.User || image.User || '',
    AttachStdin: options.AttachStdin ?? false,
    AttachStdout: options.AttachStdout ?? false,
    AttachStderr: options.AttachStderr ?? false,
    ...(isEmpty(exposed) ? {} : { ExposedPorts: exposed }),
    Tty: options.Tty ?? false,
    OpenStdin: options.OpenStdin ?? false,
    StdinOnce: options.StdinOnce ?? false,
    Env: mergeEnv(options.Env ?? [], image.Env ?? []),
    Cmd,
    ...(healthcheck === undefined ? {} : { Healthcheck: healthcheck }),
    Image: options.Image ?? '',
    Volumes: isEmpty(volumes) ? null : volumes,
    WorkingDir: options.WorkingDir || image.WorkingDir || '',
    Entrypoint,
    ...(options.NetworkDisabled ? { NetworkDisabled: true } : {}),
    ...(options.MacAddress ? { MacAddress: options.MacAddress } : {}),
    OnBuild: null,
    Labels: { ...image.Labels, ...options.Labels },
    ...(stopSignal ? { StopSignal: stopSignal } : {}),
    ...(stopTimeout === undefined ? {} : { StopTimeout: stopTimeout }),
    ...(shell === undefined ? {} : { Shell: [...shell] }),
  };
}

function mergeCommand(
  options: ContainerCreateOptions,
  image: ImageDefaults,
): { Entrypoint: string[] | null; Cmd: string[] | null } {
  const own =
    typeof options.Entrypoint === 'string' ? [options.Entrypoint] : (options.Entrypoint ?? null);
  let entrypoint = own;
  let command = options.Cmd ?? null;
  if (own === null || own.length === 0) {
    if (command === null || command.length === 0) command = copy(image.Cmd);
    if (own === null) entrypoint = copy(image.Entrypoint);
  }
  // `--entrypoint ""` arrives as one empty word: no entrypoint, not even the image's.
  if (entrypoint?.length === 1 && entrypoint[0] === '') entrypoint = null;
  if ((entrypoint?.length ?? 0) === 0 && (command?.length ?? 0) === 0) {
    throw new AppError('ENGINE_CREATE_OPTION_INVALID', 'no command specified', {
      hint: 'Give a command: neither the options nor the image says what to run.',
    });
  }
  return { Entrypoint: entrypoint, Cmd: command };
}

/** The caller's lines come first; of the image's, those whose variable the caller does not name. */
function mergeEnv(own: readonly string[], image: readonly string[]): string[] {
  const names = new Set(own.map(variableName));
  return [...own, ...image.filter((line) => !names.has(variableName(line)))];
}

function variableName(line: string): string {
  const end = line.indexOf('=');
  return end < 0 ? line : line.slice(0, end);
}

function mergeHealthcheck(
  own: HealthConfig | undefined,
  image: ReadonlyHealthConfig | null | undefined,
): HealthConfig | undefined {
  if (!image) return own;
  if (!own) return { ...image, ...(image.Test ? { Test: [...image.Test] } : {}) } as HealthConfig;
  const merged: HealthConfig = {};
  const test = own.Test?.length ? own.Test : image.Test;
  if (test) merged.Test = [...test];
  for (const key of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'] as const) {
    const value = own[key] || image[key];
    if (value) merged[key] = value;
  }
  return merged;
}

function copy(words: readonly string[] | null | undefined): string[] | null {
  return words ? [...words] : null;
}

function isEmpty(map: object): boolean {
  return Object.keys(map).length === 0;
}
