import { realpathSync } from 'node:fs';
import { listProjectContainers } from '../compose/observe/index.ts';
import { projectLabel, serviceLabel } from '../compose/plan/index.ts';
import { AppError, isAppError } from '../core/index.ts';
import type { ComposeEngine } from '../engine/index.ts';
import { ChangeCollector, type ChangeSet } from './change-collector.ts';
import { type CompiledRules, type CompileOptions, compileRules } from './compile-rules.ts';
import { NativeWatcher } from './native-watcher.ts';
import { pathBelow, shownPath, type WatchRule } from './rule.ts';
import { ServiceLane } from './service-lane.ts';
import { pathMissing } from './sync-rule.ts';
import type { WatchEvent, WatchedRule } from './watch-event.ts';
import { type Watcher, type WatcherSink, WatchScope } from './watcher.ts';

/** What a watch is made from. */
export interface WatchOptions extends CompileOptions {
  readonly engine: ComposeEngine;
  /** Absolute path of coracle-runtime. */
  readonly nativeBinary: string;
  /** Milliseconds since 1970, and of a clock that only goes forward. */
  readonly now: () => number;
  readonly monotonicMs: () => number;
  /** Restarts a service's containers, and what asks to be restarted with it. */
  readonly restart: (service: string) => Promise<void>;
  /** Builds the images of services anew and replaces their containers. */
  readonly rebuild: (services: readonly string[]) => Promise<void>;
  /** Told of everything that happens, in order. */
  readonly emit: (event: WatchEvent) => void;
}

/**
 * Carries changes of the host's files to a project's containers until it is closed. It is bound to services, not to
 * containers: whichever containers a service has at the moment of a change get it, and one that starts gets what it missed.
 */
export class Watch {
  readonly #options: WatchOptions;
  readonly #compiled: CompiledRules;
  readonly #scope: WatchScope;
  readonly #workingDir: string;
  readonly #collector: ChangeCollector;
  readonly #lanes = new Map<string, ServiceLane>();
  readonly #ended = new AbortController();
  readonly #toldRules = new Set<string>();
  #watcher: Watcher | undefined;
  #rebuilding: Promise<void> | undefined;
  #toRebuild: { services: Set<string>; files: Set<string>; atMs: number } | undefined;
  #events: Promise<void> = Promise.resolve();

  /** @throws {AppError} `PROJECT_SERVICE_UNKNOWN`, `WATCH_NOT_CONFIGURED` */
  constructor(options: WatchOptions) {
    this.#options = options;
    this.#compiled = compileRules(options);
    this.#scope = new WatchScope(this.#compiled.rules);
    this.#workingDir = realpathSync(options.workingDir);
    this.#collector = new ChangeCollector({ monotonicMs: options.monotonicMs, after }, (changes) =>
      this.#dispatch(changes),
    );
  }

  /** The rules that are followed. */
  get rules(): readonly WatchedRule[] {
    return this.#compiled.rules.map(
      ({ service, action, definition: { shownPath: path, target } }) => ({
        service,
        action,
        path,
        ...(target === undefined ? {} : { target }),
      }),
    );
  }

  /** Resolves once no change is missed any more and running containers have what had changed before. */
  async start(): Promise<void> {
    const { emit, engine, monotonicMs, now } = this.#options;
    const startedMs = monotonicMs();
    const beganMs = now();
    for (const { service, error, fatal } of this.#compiled.problems) {
      if (fatal) emit({ type: 'failed', service, files: [], ms: 0, error });
      else emit({ type: 'noticed', service, error });
    }
    for (const rule of this.#compiled.rules) {
      if (rule.kind() === undefined) this.#failRule(rule, pathMissing(rule));
    }
    for (const rule of this.#compiled.rules) {
      if (this.#lanes.has(rule.service)) continue;
      const rules = this.#compiled.rules.filter(({ service }) => service === rule.service);
      const lane = new ServiceLane(rule.service, rules, {
        engine,
        project: this.#options.project.name,
        workingDir: this.#workingDir,
        beganMs,
        monotonicMs,
        emit,
        restart: this.#options.restart,
      });
      this.#lanes.set(rule.service, lane);
    }
    await this.#open();
    this.#events = this.#follow();
    for (const { id, service, oneoff, state } of await this.#containers()) {
      if (!oneoff && state === 'running')
        this.#lanes.get(service)?.refresh(id, { ranBefore: true });
    }
    await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
    emit({ type: 'watching', rules: this.rules, ms: monotonicMs() - startedMs });
  }

  /** Resolves when everything that has come in is done. */
  async idle(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
    await this.#rebuilding;
  }

  /** Takes no further changes; what is under way is finished. Containers stay as they are. */
  async close(): Promise<void> {
    this.#ended.abort();
    this.#collector.close();
    await this.#watcher?.close();
    await this.idle();
    await this.#events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #open(): Promise<void> {
    const sink: WatcherSink = {
      changed: (paths) => this.#collector.add(paths.filter((path) => this.#concerns(path))),
      failed: (folder, error) => this.#failFolder(folder, error),
    };
    this.#watcher = new NativeWatcher(this.#options.nativeBinary, this.#scope, sink);
    await this.#watcher.start();
  }

  #concerns(path: string): boolean {
    return this.#scope.rules.some((rule) => rule.match(path) !== undefined);
  }

  #dispatch({ paths, atMs }: ChangeSet): void {
    const perService = new Map<string, Map<WatchRule, Set<string>>>();
    for (const path of paths) {
      for (const rule of this.#scope.rules) {
        const below = rule.match(path);
        if (below === undefined) continue;
        const changes = perService.get(rule.service) ?? new Map<WatchRule, Set<string>>();
        const list = changes.get(rule) ?? new Set();
        changes.set(rule, list.add(below));
        perService.set(rule.service, changes);
      }
    }
    const files = [...paths].map((path) => shownPath(this.#workingDir, path)).sort();
    const services = [...perService.keys()];
    this.#options.emit({ type: 'changed', services, files, ms: 0 });
    for (const [service, changes] of perService) {
      // A build takes everything along, and the container that it brings is refreshed.
      const rebuilds = [...changes].filter(([rule]) => rule.action === 'rebuild');
      if (rebuilds.length === 0) this.#lanes.get(service)?.change(changes, atMs);
      else this.#rebuild(service, files, atMs);
    }
  }

  /** Services that are to be rebuilt while a build is under way wait for the next one, together. */
  #rebuild(service: string, files: readonly string[], atMs: number): void {
    this.#toRebuild ??= { services: new Set(), files: new Set(), atMs };
    this.#toRebuild.services.add(service);
    for (const file of files) this.#toRebuild.files.add(file);
    this.#rebuilding ??= this.#runRebuilds().finally(() => {
      this.#rebuilding = undefined;
    });
  }

  async #runRebuilds(): Promise<void> {
    // Those of the same change set come in before anything begins.
    await Promise.resolve();
    for (let work = this.#toRebuild; work !== undefined; work = this.#toRebuild) {
      this.#toRebuild = undefined;
      const services = [...work.services].sort();
      const files = [...work.files].sort();
      try {
        await this.#options.rebuild(services);
        const ms = this.#options.monotonicMs() - work.atMs;
        this.#options.emit({ type: 'rebuilt', services, files, ms });
      } catch (error) {
        if (!isAppError(error)) throw error;
        const ms = this.#options.monotonicMs() - work.atMs;
        const [service] = services.length === 1 ? services : [];
        this.#options.emit({
          type: 'failed',
          ...(service === undefined ? {} : { service }),
          files,
          ms,
          error,
        });
      }
    }
  }

  /** Containers that start get what they have missed. */
  async #follow(): Promise<void> {
    const { engine, project } = this.#options;
    const filters = {
      type: ['container'],
      event: ['start'],
      label: [`${projectLabel}=${project.name}`],
    };
    for await (const event of engine.events({ filters, signal: this.#ended.signal })) {
      const { ID, Attributes } = event.Actor;
      this.#lanes.get(Attributes[serviceLabel] ?? '')?.refresh(ID, { ranBefore: false });
    }
  }

  #failFolder(folder: string, error: AppError): void {
    const concerned = this.#scope.rules.filter(
      (rule) =>
        folder === '/' || (pathBelow(rule.path, folder) !== undefined && rule.wantsFolder(folder)),
    );
    for (const rule of concerned) {
      const range = rule.definition.place('path');
      const message = `service "${rule.service}": path "${rule.definition.shownPath}": ${error.message}`;
      this.#failRule(
        rule,
        new AppError(error.code, message, {
          cause: error,
          ...(error.hint === undefined ? {} : { hint: error.hint }),
          details: { folder, ...(range === undefined ? {} : { range }) },
        }),
      );
    }
  }

  /** One message for a rule and a cause, however many folders it is about. */
  #failRule(rule: WatchRule, error: AppError): void {
    const key = `${rule.service}.${rule.definition.index} ${error.code}`;
    if (this.#toldRules.has(key)) return;
    this.#toldRules.add(key);
    this.#options.emit({ type: 'failed', service: rule.service, files: [], ms: 0, error });
  }

  #containers() {
    return listProjectContainers(this.#options.engine, this.#options.project.name);
  }
}

function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
