import type { Duplex } from 'node:stream';
import type Dockerode from 'dockerode';
import type { ExecOptions, ExecResult } from '../api.ts';
import { readFrames } from './frames.ts';
import { answered } from './refusal.ts';

/** Runs a command in a container, with this process's own input and output or with collected output. */
export async function dockerExec(
  docker: Dockerode,
  id: string,
  options: ExecOptions,
): Promise<ExecResult> {
  const { argv, env = [], workingDir, user, privileged, detach = false, stdio } = options;
  const tty = options.tty ?? false;
  const isFed = stdio === 'inherit' && !detach;
  const exec = await answered(
    docker.getContainer(id).exec({
      Cmd: [...argv],
      Env: [...env],
      Tty: tty,
      AttachStdin: isFed,
      AttachStdout: !detach,
      AttachStderr: !detach,
      ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
      ...(user === undefined ? {} : { User: user }),
      ...(privileged === undefined ? {} : { Privileged: privileged }),
    }),
  );
  const stream = await answered(
    exec.start({ hijack: isFed, stdin: isFed, Tty: tty, Detach: detach }),
  );
  if (detach) return { exitCode: 0, stdout: '', stderr: '' };
  const output = stdio === 'inherit' ? passOn : collect();
  const stop = isFed ? feed(exec, stream, tty) : () => undefined;
  try {
    for await (const { stream: name, bytes } of readFrames(stream, tty)) output.write(name, bytes);
  } finally {
    stop();
  }
  const { ExitCode } = await answered(exec.inspect());
  return { exitCode: ExitCode ?? 0, stdout: output.text('stdout'), stderr: output.text('stderr') };
}

interface Output {
  write(stream: 'stdout' | 'stderr', bytes: Buffer): void;
  text(stream: 'stdout' | 'stderr'): string;
}

const passOn: Output = {
  write: (stream, bytes) => {
    process[stream].write(bytes);
  },
  text: () => '',
};

function collect(): Output {
  const heard = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  return {
    write: (stream, bytes) => {
      heard[stream].push(bytes);
    },
    text: (stream) => Buffer.concat(heard[stream]).toString('utf8'),
  };
}

/** Passes this process's input on, raw where there is a terminal, with its size. @returns what ends that. */
function feed(exec: Dockerode.Exec, stream: Duplex, tty: boolean): () => void {
  const { stdin, stdout } = process;
  const resize = () => {
    // A size that comes too early or too late is no reason to end the command.
    void exec.resize({ h: stdout.rows ?? 24, w: stdout.columns ?? 80 }).catch(() => undefined);
  };
  if (tty) {
    stdin.setRawMode(true);
    resize();
    stdout.on('resize', resize);
  }
  stdin.pipe(stream);
  return () => {
    stdin.unpipe(stream);
    stdin.pause();
    if (!tty) return;
    stdout.off('resize', resize);
    stdin.setRawMode(false);
  };
}
