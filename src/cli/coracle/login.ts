import { AppError } from '../../core/index.ts';
import { checkLogin, removeCredentials, storeCredentials } from '../../image/index.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { registryOptions } from '../images/registry-options.ts';

interface LoginFlags {
  readonly password?: string;
  readonly passwordStdin?: boolean;
  readonly username?: string;
}

export const loginCommand = defineCommand<LoginFlags>({
  name: 'login',
  positional: '[SERVER]',
  summary: 'Authenticate to a registry',
  flags: [
    { flags: '-p, --password <password>', description: 'Password' },
    { flags: '--password-stdin', description: 'Take the password from standard input' },
    { flags: '-u, --username <name>', description: 'Username' },
  ],
  examples: ['echo "$TOKEN" | coracle login -u me --password-stdin registry.example.com'],
  async run(context, [server, ...more], flags) {
    if (more.length > 0) throw new AppError('CLI_USAGE', 'login takes one registry');
    const domain = domainOf(server);
    const { username, password } = await readCredentials(context, flags);
    const options = registryOptions(context);
    await checkLogin(domain, { ...options, credentials: { kind: 'password', username, password } });
    if (await storeCredentials(domain, { username, password }, options.env)) {
      context.err(
        'WARNING! Your credentials are stored unencrypted in ~/.docker/config.json; a credential helper ("credsStore") keeps them safe.\n',
      );
    }
    context.out('Login Succeeded\n');
    return 0;
  },
});

export const logoutCommand = defineCommand({
  name: 'logout',
  positional: '[SERVER]',
  summary: 'Log out from a registry',
  flags: [],
  examples: ['coracle logout registry.example.com'],
  async run(context, [server, ...more]) {
    if (more.length > 0) throw new AppError('CLI_USAGE', 'logout takes one registry');
    const domain = domainOf(server);
    context.out(`Removing login credentials for ${domain}\n`);
    if (!(await removeCredentials(domain, context.host.env))) {
      context.out(`Not logged in to ${domain}\n`);
    }
    return 0;
  },
});

/** `https://registry.example.com/` is meant as its host. */
function domainOf(server = 'docker.io'): string {
  const host = server.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return ['index.docker.io', 'registry-1.docker.io'].includes(host) ? 'docker.io' : host;
}

async function readCredentials(
  { host }: CommandContext,
  { username: name, password: given, passwordStdin = false }: LoginFlags,
): Promise<{ username: string; password: string }> {
  if (passwordStdin) {
    if (given !== undefined) {
      throw new AppError('CLI_USAGE', '--password and --password-stdin are mutually exclusive');
    }
    if (name === undefined) throw new AppError('CLI_USAGE', '--password-stdin needs --username');
    return { username: name, password: (await host.readStdin()).replace(/\r?\n$/, '') };
  }
  if ((name === undefined || given === undefined) && !host.stdinIsTTY) {
    throw new AppError('CLI_USAGE', 'there is no terminal to ask for the password', {
      hint: 'Give --username and --password-stdin.',
    });
  }
  const username = name ?? (await host.ask('Username: ')).trim();
  const password = given ?? (await host.askHidden('Password: '));
  if (username === '' || password === '') {
    throw new AppError('CLI_USAGE', 'a user name and a password are needed');
  }
  return { username, password };
}
