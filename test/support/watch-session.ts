/** A `compose watch` (or `up --watch`) that is under way, and the files of the containers that it works on. */
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CommandOptions, CommandResult } from './command.ts';
import { eventually } from './eventually.ts';
import type { Scenario } from './scenario.ts';

export class WatchSession {
  readonly #child: ChildProcess;
  readonly #result: Promise<CommandResult>;
  /** Everything that was printed, to both streams. */
  text = '';

  constructor(scenario: Scenario, args: readonly string[], options: CommandOptions = {}) {
    const { child, result } = scenario.startCompose(args, options);
    this.#child = child;
    this.#result = result;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: string) => {
        this.text += text;
      });
    }
  }

  /** Starts it and waits until it watches. */
  static async open(
    scenario: Scenario,
    args: readonly string[] = [],
    options: CommandOptions = {},
  ): Promise<WatchSession> {
    const session = new WatchSession(scenario, ['watch', ...args], options);
    await session.sees(/Watch enabled/);
    return session;
  }

  /** The native process that hears of changes. */
  get watcherPid(): number {
    const { pid } = this.#child;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    const found = children.find((child) =>
      /\0watch\0/.test(child === '' ? '' : readFileSync(`/proc/${child}/cmdline`, 'utf8')),
    );
    if (found === undefined) throw new Error(`no watcher among ${children}`);
    return Number(found);
  }

  /** Waits for a text; with `times`, for as many of it. */
  sees(pattern: RegExp, times = 1): Promise<void> {
    const all = new RegExp(pattern.source, `${pattern.flags}g`);
    return eventually(() => {
      expect(this.text.match(all)?.length ?? 0, this.text).to.be.least(times);
    });
  }

  count(pattern: RegExp): number {
    return this.text.match(new RegExp(pattern.source, `${pattern.flags}g`))?.length ?? 0;
  }

  /** Ctrl-C, and its end. */
  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<CommandResult> {
    this.#child.kill(signal);
    return this.#result;
  }
}

/** True while a process lives; one that nobody has waited for yet does not. */
export function lives(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    // ENOENT, ESRCH: it is gone.
    return false;
  }
}

/** A path in a running container as this process can open it. */
export function inContainer(scenario: Scenario, container: string, path: string): string {
  return join(`/proc/${scenario.state(container).pid}/root`, path);
}

/** A tree as lines: type, mode, and what is in it; times and owners are left out. */
export function treeOf(top: string, ignore: (path: string) => boolean = () => false): string[] {
  const lines: string[] = [];
  const visit = (below: string) => {
    for (const name of readdirSync(join(top, below)).sort()) {
      const path = below === '' ? name : `${below}/${name}`;
      if (ignore(path)) continue;
      const stat = lstatSync(join(top, path));
      if (stat.isSymbolicLink()) lines.push(`${path} -> ${readlinkSync(join(top, path))}`);
      else if (stat.isDirectory()) {
        lines.push(`${path}/`);
        visit(path);
      } else {
        const hash = createHash('sha256')
          .update(readFileSync(join(top, path)))
          .digest('hex');
        lines.push(`${path} ${(stat.mode & 0o777).toString(8)} ${hash.slice(0, 16)}`);
      }
    }
  };
  visit('');
  return lines;
}
