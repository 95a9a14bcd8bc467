import { join } from 'node:path';
import { listProjectContainers } from '../compose/observe/index.ts';
import type { ObservedContainer } from '../compose/plan/index.ts';
import { AppError, type ErrorCode, isAppError } from '../core/index.ts';
import type { ComposeEngine } from '../engine/index.ts';
import { runHook } from './exec-hook.ts';
import { listFiles } from './list-files.ts';
import { lookAt } from './look.ts';
import { shownPath, type WatchRule } from './rule.ts';
import { placed, type RuleSync, syncRule } from './sync-rule.ts';
import type { WatchEvent } from './watch-event.ts';

/** What a lane needs of the watch that it belongs to. */
export interface LaneSurroundings {
  readonly engine: ComposeEngine;
  readonly project: string;
  readonly workingDir: string;
  /** When the watch began: milliseconds since 1970. */
  readonly beganMs: number;
  monotonicMs(): number;
  emit(event: WatchEvent): void;
  restart(service: string): Promise<void>;
}

/** Changes of one service that wait for their turn. */
interface Work {
  readonly changes: Map<WatchRule, Set<string>>;
  /** Ids of containers that are to get what they lack; true for those that ran before the watch. */
  readonly fresh: Map<string, boolean>;
  atMs: number;
}

/**
 * What is done about one service's changes, one round after the other: everything that has come in since the last round is
 * one change set, which is synced rule by rule, then executed, then restarted, each at most once.
 */
export class ServiceLane {
  readonly #service: string;
  readonly #rules: readonly WatchRule[];
  readonly #world: LaneSurroundings;
  /** What has been removed on the host while we watch: a container made from the image still has it. */
  readonly #removed = new Map<WatchRule, Set<string>>();
  #work: Work | undefined;
  #running: Promise<void> = Promise.resolve();
  #busy = false;
  #told = new Set<string>();
  /** Containers that have had everything once. */
  readonly #known = new Set<string>();
  /** Changes came while no container ran. */
  #missed = false;

  constructor(service: string, rules: readonly WatchRule[], world: LaneSurroundings) {
    this.#service = service;
    this.#rules = rules;
    this.#world = world;
  }

  /** Adds changes: paths relative to each rule's. */
  change(changes: ReadonlyMap<WatchRule, ReadonlySet<string>>, atMs: number): void {
    const work = this.#pending(atMs);
    for (const [rule, paths] of changes) {
      const known = work.changes.get(rule) ?? new Set();
      for (const path of paths) known.add(path);
      work.changes.set(rule, known);
    }
    this.#wake();
  }

  /** A container runs (again): it is to have what it has missed. One that was only restarted has missed nothing. */
  refresh(container: string, options: { readonly ranBefore: boolean }): void {
    this.#told.clear();
    if (this.#known.has(container) && !this.#missed) return;
    this.#pending(this.#world.monotonicMs()).fresh.set(container, options.ranBefore);
    this.#wake();
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.#busy) await this.#running;
  }

  #pending(atMs: number): Work {
    this.#work ??= { changes: new Map(), fresh: new Map(), atMs };
    return this.#work;
  }

  #wake(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#running = this.#run().finally(() => {
      this.#busy = false;
    });
  }

  async #run(): Promise<void> {
    for (let work = this.#work; work !== undefined; work = this.#work) {
      this.#work = undefined;
      try {
        await this.#round(work);
      } catch (error) {
        if (!isAppError(error)) throw error;
        this.#fail(error, [], work.atMs);
      }
    }
  }

  async #round(work: Work): Promise<void> {
    const containers = (await this.#containers()).filter(({ state }) => state !== 'created');
    const running = containers.filter(({ state }) => state === 'running' || state === 'paused');
    if (running.length === 0) {
      if (work.changes.size > 0) this.#notRunning(work);
      return;
    }
    const acts = new Map<WatchRule, string[]>();
    for (const container of running) {
      if (!work.fresh.has(container.id)) continue;
      await this.#refresh(container, work, acts);
      this.#known.add(container.id);
      this.#missed = false;
    }
    for (const [rule, paths] of work.changes) {
      const files = rule.syncs
        ? await this.#sync(rule, paths, running, work.atMs)
        : this.#filesOf(rule, paths);
      if (files.length > 0) acts.set(rule, [...(acts.get(rule) ?? []), ...files]);
    }
    await this.#act(acts, running, work.atMs);
  }

  async #sync(
    rule: WatchRule,
    paths: ReadonlySet<string>,
    containers: readonly ObservedContainer[],
    atMs: number,
  ): Promise<string[]> {
    const written = new Set<string>();
    const removed = new Set<string>();
    for (const { id } of containers) {
      const outcome = await syncRule(this.#world.engine, id, rule, { paths: [...paths] });
      if (outcome.error !== undefined) this.#fail(outcome.error, [], atMs);
      for (const path of outcome.written) written.add(path);
      for (const path of outcome.removed) removed.add(path);
    }
    this.#remember(rule, paths);
    return this.#synced(rule, { written, removed, initial: false }, atMs);
  }

  #synced(
    rule: WatchRule,
    outcome: { written: Iterable<string>; removed: Iterable<string>; initial: boolean },
    atMs: number,
  ): string[] {
    const removed = this.#shown(rule, outcome.removed);
    const files = [...this.#shown(rule, outcome.written), ...removed].sort();
    if (files.length > 0) {
      this.#world.emit({
        type: 'synced',
        service: this.#service,
        files,
        removed,
        initial: outcome.initial,
        ms: this.#since(atMs),
      });
    }
    return files;
  }

  async #refresh(
    container: ObservedContainer,
    work: Work,
    acts: Map<WatchRule, string[]>,
  ): Promise<void> {
    for (const rule of this.#rules) {
      const ranBefore = work.fresh.get(container.id) === true && !this.#missed;
      const sinceMs = await this.#freshSince(rule, container, ranBefore);
      if (!rule.syncs || sinceMs === undefined || rule.kind() === undefined) continue;
      const paths = [...(await listFiles(rule)), ...(this.#removed.get(rule) ?? [])];
      const outcome: RuleSync = await syncRule(this.#world.engine, container.id, rule, {
        paths,
        initial: { sinceMs },
      });
      if (outcome.error !== undefined) this.#fail(outcome.error, [], work.atMs);
      const files = this.#synced(rule, { ...outcome, initial: true }, work.atMs);
      if (files.length > 0) acts.set(rule, files);
    }
  }

  /** From when on a file must have changed to be written into a container that is new to us; undefined: none is. */
  async #freshSince(
    { definition: { initialSync } }: WatchRule,
    container: ObservedContainer,
    ranBefore: boolean,
  ): Promise<number | undefined> {
    if (initialSync === true) return 0;
    const { beganMs, engine } = this.#world;
    if (initialSync === false) return ranBefore ? undefined : beganMs;
    const { Image } = await engine.getContainer(container.id).inspect();
    const image = await engine.getImage(Image).inspect();
    return Date.parse(image.Created) || 0;
  }

  async #act(
    acts: ReadonlyMap<WatchRule, readonly string[]>,
    containers: readonly ObservedContainer[],
    atMs: number,
  ): Promise<void> {
    const restartFiles: string[] = [];
    for (const [rule, files] of acts) {
      if (rule.action === 'sync+exec') await this.#exec(rule, files, containers, atMs);
      if (rule.action.endsWith('restart')) restartFiles.push(...files);
    }
    if (restartFiles.length === 0) return;
    const files = [...new Set(restartFiles)].sort();
    try {
      await this.#world.restart(this.#service);
    } catch (error) {
      if (!isAppError(error)) throw error;
      this.#fail(error, files, atMs);
      return;
    }
    this.#world.emit({ type: 'restarted', service: this.#service, files, ms: this.#since(atMs) });
  }

  async #exec(
    rule: WatchRule,
    files: readonly string[],
    containers: readonly ObservedContainer[],
    atMs: number,
  ): Promise<void> {
    for (const { id } of containers) {
      try {
        const { command, exitCode, output } = await runHook(this.#world.engine, id, rule);
        const ms = this.#since(atMs);
        const { emit } = this.#world;
        emit({ type: 'executed', service: this.#service, command, exitCode, output, files, ms });
        if (exitCode === 0) continue;
        const message = `service "${this.#service}": ${command.join(' ')} ended with code ${exitCode}`;
        this.#fail(this.#ruleError('WATCH_EXEC_FAILED', rule, 'exec', message), files, atMs);
      } catch (error) {
        this.#fail(placed(rule, 'exec', error), files, atMs);
      }
    }
  }

  /** Of the paths that a rule without sync is told of, those that are no folders: a folder alone changes nothing. */
  #filesOf(rule: WatchRule, paths: ReadonlySet<string>): string[] {
    const files = [...paths].filter((path) => !lookAt(join(rule.path, path))?.isDirectory());
    return this.#shown(rule, files).sort();
  }

  #remember(rule: WatchRule, paths: ReadonlySet<string>): void {
    const removed = this.#removed.get(rule) ?? new Set();
    for (const path of paths) {
      if (lookAt(join(rule.path, path)) !== undefined) removed.delete(path);
      else if (path !== '') removed.add(path);
    }
    this.#removed.set(rule, removed);
  }

  #notRunning(work: Work): void {
    const rule = [...work.changes.keys()][0];
    if (rule === undefined) return;
    this.#missed = true;
    for (const [changed, paths] of work.changes) this.#remember(changed, paths);
    const message = `service "${this.#service}" is not running: its changes wait until it is`;
    this.#fail(this.#ruleError('PROJECT_SERVICE_NOT_RUNNING', rule, '', message), [], work.atMs);
  }

  #ruleError(code: ErrorCode, rule: WatchRule, key: string, message: string): AppError {
    const range = rule.definition.place(key);
    return new AppError(code, message, { details: range === undefined ? {} : { range } });
  }

  /** The same failure is told once until the service starts anew or something else happens. */
  #fail(error: AppError, files: readonly string[], atMs: number): void {
    const key = `${error.code} ${error.message}`;
    if (error.code === 'PROJECT_SERVICE_NOT_RUNNING' && this.#told.has(key)) return;
    this.#told.add(key);
    this.#world.emit({
      type: 'failed',
      service: this.#service,
      files,
      error,
      ms: this.#since(atMs),
    });
  }

  async #containers(): Promise<ObservedContainer[]> {
    const { engine, project } = this.#world;
    return (await listProjectContainers(engine, project)).filter(
      ({ service, oneoff }) => service === this.#service && !oneoff,
    );
  }

  #shown(rule: WatchRule, paths: Iterable<string>): string[] {
    return [...paths].map((path) => shownPath(this.#world.workingDir, join(rule.path, path)));
  }

  #since(atMs: number): number {
    return Math.round((this.#world.monotonicMs() - atMs) * 10) / 10;
  }
}
