import { realpathSync } from 'node:fs';
import { basename, dirname, join, normalize, resolve } from 'node:path';
import type { Project, Service, WatchTrigger } from '../compose/model/index.ts';
import {
  AppError,
  type ErrorCode,
  IgnorePatterns,
  ignoreFilePatterns,
  PatternError,
  type SourceRange,
} from '../core/index.ts';
import { pathBelow, shownPath, WatchRule } from './rule.ts';

/** What rules are made from. */
export interface CompileOptions {
  readonly project: Project;
  /** Named services; all that have rules when empty. */
  readonly services: readonly string[];
  /** Absolute project folder. */
  readonly workingDir: string;
  /** Place of a dotted path of the project in the user's files. */
  readonly origin: (path: string) => SourceRange | undefined;
  /** A file's text; undefined where there is none. */
  readonly readFile: (path: string) => string | undefined;
}

/** A rule that is wrong, or that the user should know something about. */
export interface RuleProblem {
  readonly service: string;
  /** True where the rule is left out because of it. */
  readonly fatal: boolean;
  /** With the place in `details.range`. */
  readonly error: AppError;
}

export interface CompiledRules {
  readonly rules: readonly WatchRule[];
  readonly problems: readonly RuleProblem[];
}

/**
 * The rules of `develop.watch`, ready to judge paths. A rule that is wrong is left out and told of; the others go on.
 * @throws {AppError} `PROJECT_SERVICE_UNKNOWN`, `WATCH_NOT_CONFIGURED`
 */
export function compileRules(options: CompileOptions): CompiledRules {
  const { project, services } = options;
  for (const name of services) {
    if (project.services[name] === undefined) {
      throw new AppError('PROJECT_SERVICE_UNKNOWN', `no such service: ${name}`);
    }
  }
  const rules: WatchRule[] = [];
  const problems: RuleProblem[] = [];
  let configured = 0;
  for (const [name, service] of Object.entries(project.services)) {
    if (services.length > 0 && !services.includes(name)) continue;
    for (const [index, trigger] of (service.develop?.watch ?? []).entries()) {
      configured += 1;
      const compiler = new RuleCompiler(options, name, service, index);
      const rule = compiler.compile(trigger);
      if (rule !== undefined) rules.push(rule);
      problems.push(...compiler.problems);
    }
  }
  if (configured === 0) {
    throw new AppError(
      'WATCH_NOT_CONFIGURED',
      "none of the selected services is configured for watch, consider setting a 'develop' section",
    );
  }
  return { rules, problems };
}

class RuleCompiler {
  readonly problems: RuleProblem[] = [];
  readonly #options: CompileOptions;
  readonly #name: string;
  readonly #service: Service;
  readonly #index: number;

  constructor(options: CompileOptions, name: string, service: Service, index: number) {
    this.#options = options;
    this.#name = name;
    this.#service = service;
    this.#index = index;
  }

  compile(trigger: WatchTrigger): WatchRule | undefined {
    const { workingDir } = this.#options;
    const asked = resolve(workingDir, trigger.path);
    const path = followLinks(asked);
    if (trigger.action === 'rebuild' && this.#service.build === undefined) {
      this.#problem('WATCH_BUILD_MISSING', 'action', {
        fatal: true,
        message: `can't watch service "${this.#name}" with action rebuild without a build context`,
      });
    }
    if (trigger.action === 'sync+exec' && !trigger.exec?.command?.length) {
      this.#problem('WATCH_EXEC_MISSING', 'action', {
        fatal: true,
        message: `service "${this.#name}": the action sync+exec needs a command`,
      });
    }
    this.#checkPatterns('ignore', trigger.ignore ?? []);
    this.#checkPatterns('include', trigger.include ?? []);
    const dockerignore = this.#dockerignore();
    if (this.problems.some(({ fatal }) => fatal)) return undefined;
    const bindMounted = trigger.action.startsWith('sync') && this.#isBindMounted(asked, trigger);
    this.#notice(path, bindMounted, trigger.path);
    return new WatchRule({
      service: this.#name,
      index: this.#index,
      action: trigger.action,
      path,
      shownPath: shownPath(workingDir, asked),
      target: trigger.target,
      exec: trigger.exec,
      ignore: trigger.ignore ?? [],
      include: trigger.include ?? [],
      initialSync: trigger.initial_sync ?? (this.#isWritten('initial_sync') ? false : undefined),
      bindMounted,
      dockerignore,
      place: (key) => this.#place(key),
    });
  }

  #notice(path: string, bindMounted: boolean, asked: string): void {
    if (bindMounted) {
      this.#problem('WATCH_BIND_MOUNTED', 'path', {
        fatal: false,
        message: `service "${this.#name}": path "${asked}" is also declared by a bind mount volume, so nothing is synced`,
      });
    }
    if (pathBelow(followLinks(this.#options.workingDir), path) === undefined) {
      this.#problem('WATCH_PATH_OUTSIDE', 'path', {
        fatal: false,
        message: `service "${this.#name}": path "${asked}" lies outside of the project folder`,
      });
    }
  }

  #checkPatterns(key: string, patterns: readonly string[]): void {
    try {
      new IgnorePatterns(patterns);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      const index = patterns.indexOf(error.pattern);
      this.#problem('WATCH_PATTERN_INVALID', index < 0 ? key : `${key}.${index}`, {
        fatal: true,
        message: `service "${this.#name}": ${error.message}`,
      });
    }
  }

  /** That of the Dockerfile goes before that of the context, as for a build. */
  #dockerignore(): { folder: string; patterns: readonly string[] } | undefined {
    const { build } = this.#service;
    if (build?.context === undefined || /^[a-z+]+:\/\/|^git@/.test(build.context)) return undefined;
    const context = resolve(this.#options.workingDir, build.context);
    const dockerfile = resolve(context, build.dockerfile ?? 'Dockerfile');
    for (const file of [`${dockerfile}.dockerignore`, join(context, '.dockerignore')]) {
      const text = this.#options.readFile(file);
      if (text === undefined) continue;
      const patterns = ignoreFilePatterns(text);
      try {
        new IgnorePatterns(patterns);
        return { folder: followLinks(context), patterns };
      } catch (error) {
        if (!(error instanceof PatternError)) throw error;
        this.#problem('WATCH_PATTERN_INVALID', 'path', {
          fatal: true,
          message: `${file}: ${error.message}`,
        });
      }
    }
    return undefined;
  }

  /** True where a bind mount shows the rule's path at its very target. */
  #isBindMounted(path: string, { target }: WatchTrigger): boolean {
    return (this.#service.volumes ?? []).some((volume) => {
      if (volume.type !== 'bind' || volume.source === undefined || target === undefined) {
        return false;
      }
      const below = pathBelow(resolve(this.#options.workingDir, volume.source), path);
      return below !== undefined && join(volume.target, below) === trimSlash(normalize(target));
    });
  }

  #problem(
    code: ErrorCode,
    key: string,
    { fatal, message }: { readonly fatal: boolean; readonly message: string },
  ): void {
    const range = this.#place(key);
    const details = range === undefined ? {} : { range };
    this.problems.push({
      service: this.#name,
      fatal,
      error: new AppError(code, message, { details }),
    });
  }

  /** The model leaves a `false` out; only the file tells it from nothing. A key that is missing has its rule's place. */
  #isWritten(key: string): boolean {
    return JSON.stringify(this.#place(key)) !== JSON.stringify(this.#place(''));
  }

  #place(key: string): SourceRange | undefined {
    const rule = `services.${this.#name}.develop.watch.${this.#index}`;
    return this.#options.origin(key === '' ? rule : `${rule}.${key}`);
  }
}

function trimSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** The path without links, as far as it exists: watchers tell the paths that they were given. */
function followLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // ENOENT, ENOTDIR, ELOOP: what does not exist yet has no links to follow.
    return path === '/' ? path : join(followLinks(dirname(path)), basename(path));
  }
}
