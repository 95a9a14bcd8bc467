import type { Flag } from '../command.ts';

export interface ConfigFlags {
  readonly environment?: boolean;
  readonly explain?: string;
  readonly explainEnv?: string;
  readonly format?: string;
  readonly hash?: string;
  readonly images?: boolean;
  readonly lockImageDigests?: boolean;
  readonly models?: boolean;
  readonly networks?: boolean;
  readonly output?: string;
  readonly profiles?: boolean;
  readonly quiet?: boolean;
  readonly resolveImageDigests?: boolean;
  readonly services?: boolean;
  readonly variables?: boolean;
  readonly volumes?: boolean;
  /** False for `--no-…`. */
  readonly consistency?: boolean;
  readonly envResolution?: boolean;
  readonly interpolate?: boolean;
  readonly normalize?: boolean;
  readonly pathResolution?: boolean;
}

export const configFlags: readonly Flag[] = [
  { flags: '--environment', description: 'Print environment used for interpolation' },
  { flags: '--explain <path>', description: 'Print where each part of a value came from' },
  { flags: '--explain-env <name>', description: 'Print where a variable comes from and is used' },
  {
    flags: '--format <format>',
    description: 'Format the output: yaml, json, sarif (findings)',
    suggestions: ['yaml', 'json', 'sarif'],
  },
  {
    flags: '--hash <services>',
    description: 'Print the service config hash, one per line; * for all',
  },
  { flags: '--images', description: 'Print the image names, one per line' },
  {
    flags: '--lock-image-digests',
    description: 'Produce an override file with image digests',
  },
  { flags: '--models', description: 'Print the model names, one per line' },
  { flags: '--networks', description: 'Print the network names, one per line' },
  { flags: '--no-consistency', description: "Don't check model consistency" },
  { flags: '--no-env-resolution', description: "Don't resolve service env files" },
  { flags: '--no-interpolate', description: "Don't interpolate environment variables" },
  { flags: '--no-normalize', description: "Don't normalize compose model" },
  { flags: '--no-path-resolution', description: "Don't resolve file paths" },
  { flags: '-o, --output <file>', description: 'Save to file (default to stdout)' },
  { flags: '--profiles', description: 'Print the profile names, one per line' },
  { flags: '-q, --quiet', description: "Only validate the configuration, don't print anything" },
  { flags: '--resolve-image-digests', description: 'Pin image tags to digests' },
  { flags: '--services', description: 'Print the service names, one per line' },
  { flags: '--variables', description: 'Print model variables and default values' },
  { flags: '--volumes', description: 'Print the volume names, one per line' },
];
