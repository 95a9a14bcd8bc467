/** Debian's docker-registry on a free port of 127.0.0.1, with its data in a folder of the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyPair } from './certificates.ts';

export interface RegistryServer {
  /** `127.0.0.1:34567` */
  readonly host: string;
  stop(): Promise<void>;
}

export interface RegistryServerOptions {
  /** Content of a password file: the registry then wants HTTP basic authentication. */
  readonly htpasswd?: string;
  /** A token service, and the certificate whose key signs its tokens. */
  readonly token?: { readonly realm: string; readonly certificate: string };
  readonly tls?: KeyPair & { readonly clientAuthority?: string };
}

export async function startRegistry(
  folder: string,
  { htpasswd, token, tls }: RegistryServerOptions = {},
): Promise<RegistryServer> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const config = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: {
      addr: `127.0.0.1:${port}`,
      ...(tls === undefined
        ? {}
        : {
            tls: {
              certificate: tls.certificate,
              key: tls.key,
              ...(tls.clientAuthority === undefined ? {} : { clientcas: [tls.clientAuthority] }),
            },
          }),
    },
    ...(htpasswd === undefined
      ? {}
      : { auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } } }),
    ...(token === undefined
      ? {}
      : {
          auth: {
            token: {
              ...{ realm: token.realm, service: 'registry', issuer: 'test' },
              rootcertbundle: token.certificate,
            },
          },
        }),
  };
  if (htpasswd !== undefined) writeFileSync(join(folder, 'htpasswd'), htpasswd);
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], {
    stdio: 'ignore',
  });
  const host = `127.0.0.1:${port}`;
  await answering(host, child);
  return {
    host,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
    },
  };
}

async function answering(host: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`);
    const answered = await fetch(`http://${host}/v2/`).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await sleep(50);
  }
  throw new Error('docker-registry does not answer');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
