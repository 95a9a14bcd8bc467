/**
 * A Docker Engine that scenarios run against in place of ours, for `test/e2e/run-docker`. It is asked by curl: what a test believes
 * of it must not come through the code under test.
 */
import { execFileSync } from 'node:child_process';
import type { ContainerState } from './container-state.ts';

export class DockerWorld {
  /** `unix:///…`, as `--engine` takes it. */
  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }

  /** The state of a container, in the words of ours. */
  state(name: string): ContainerState {
    const { Id, State, RestartCount } = this.#get(`containers/${name}/json`) as {
      Id: string;
      State: { Status: string; Pid: number; ExitCode: number };
      RestartCount: number;
    };
    return {
      id: Id,
      status: State.Status,
      pid: State.Pid,
      shimPid: 0,
      exitCode: State.ExitCode,
      restartCount: RestartCount,
    };
  }

  hasImage(reference: string): boolean {
    return (
      (this.#get(`images/${encodeURIComponent(reference)}/json`) as { Id?: string }).Id !==
      undefined
    );
  }

  /** Makes an image of a root file system's tar. */
  importImage(archive: string, reference: string, changes: readonly string[]): void {
    const [repo = '', tag = 'latest'] = reference.split(':');
    const query = new URLSearchParams({ fromSrc: '-', repo, tag });
    for (const change of changes) query.append('changes', change);
    // As a form, curl's own choice, the engine would read the archive for parameters.
    this.#curl(
      '--fail-with-body',
      '-H',
      'Content-Type: application/x-tar',
      '--data-binary',
      `@${archive}`,
      '-X',
      'POST',
      `http://docker/images/create?${query}`,
    );
  }

  /** Proves that nothing carries the project's label. */
  expectNothingLeft(project: string): void {
    const filters = encodeURIComponent(
      JSON.stringify({ label: [`com.docker.compose.project=${project}`] }),
    );
    const containers = this.#get(`containers/json?all=1&filters=${filters}`) as unknown[];
    const networks = this.#get(`networks?filters=${filters}`) as unknown[];
    const { Volumes } = this.#get(`volumes?filters=${filters}`) as { Volumes: unknown[] | null };
    const left = [...containers, ...networks, ...(Volumes ?? [])];
    if (left.length > 0) throw new Error(`left on the Docker Engine: ${JSON.stringify(left)}`);
  }

  #get(path: string): unknown {
    return JSON.parse(this.#curl(`http://docker/${path}`));
  }

  #curl(...args: readonly string[]): string {
    const socket = this.address.replace(/^unix:\/\//, '');
    return execFileSync('curl', ['-sS', '--unix-socket', socket, ...args]).toString('utf8');
  }
}

/** The engine that `CORACLE_TEST_ENGINE` names; none in the usual run. */
export function dockerUnderTest(): DockerWorld | undefined {
  const address = process.env.CORACLE_TEST_ENGINE;
  return address ? new DockerWorld(address) : undefined;
}
