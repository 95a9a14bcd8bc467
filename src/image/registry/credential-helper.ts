import { spawn } from 'node:child_process';
import { AppError } from '../../core/index.ts';

/**
 * Runs `docker-credential-NAME`, the protocol of Docker's credential helpers.
 * @returns what it prints; undefined where it has no credentials.
 * @throws {AppError} `REGISTRY_CREDENTIAL_HELPER_FAILED`
 */
export function runCredentialHelper(
  name: string,
  action: 'get' | 'store' | 'erase',
  input: string,
): Promise<string | undefined> {
  const program = `docker-credential-${name}`;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [action], { stdio: ['pipe', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => errors.push(chunk));
    child.stdin.on('error', () => undefined);
    child.on('error', (cause) =>
      reject(failure(program, `cannot be run: ${cause.message}`, cause)),
    );
    child.on('close', (code) => {
      const said = Buffer.concat(output).toString('utf8').trim();
      if (code === 0) resolve(said);
      else if (/credentials not found/i.test(said)) resolve(undefined);
      else reject(failure(program, said || Buffer.concat(errors).toString('utf8').trim()));
    });
    child.stdin.end(input);
  });
}

function failure(program: string, why: string, cause?: unknown): AppError {
  return new AppError('REGISTRY_CREDENTIAL_HELPER_FAILED', `${program}: ${why}`, { cause });
}
