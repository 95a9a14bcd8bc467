import { dirname } from 'node:path';
import type { Project, ProjectDefinition, Service } from '../model/index.ts';
import { projectShape } from './decode/shapes.ts';
import { definitionFile, parseDefinition } from './definition.ts';
import { absolute, filesFromVariable, findComposeFiles } from './discover.ts';
import { envFilePaths, ProjectEnvironment, readEnvFiles } from './environment.ts';
import { ComposeFiles } from './files.ts';
import { Findings } from './findings.ts';
import type { VariableRecord } from './interpolate/interpolate.ts';
import type { LoadShared } from './load-context.ts';
import { loadFiles } from './load-files.ts';
import type { DefinitionOptions, FileReader, LoadOptions, LoadResult } from './load-result.ts';
import { TreeOrigins } from './locate.ts';
import { NodeBudget } from './node-budget.ts';
import { normalize } from './normalize.ts';
import { enableServices } from './profiles.ts';
import { projectName } from './project-name.ts';
import { unreachable } from './remote.ts';
import { resolveEnvironment, resolveLabels } from './resolve-service-files.ts';
import { selectServices, withoutUnusedResources } from './select-services.ts';
import { checkConsistency } from './validate/check-consistency.ts';
import { child, type MapNode, type Node, stringOf } from './yaml/node.ts';

/** A loaded project together with what `config` needs of the way it was loaded. */
export interface DetailedLoadResult extends LoadResult {
  /** The canonical tree, with the places of all values and what they overrode. */
  readonly tree: MapNode | undefined;
  readonly variables: VariableRecord;
  readonly projectEnvironment: ProjectEnvironment;
  /** Remote files that were not here yet: nothing of this result counts. */
  readonly awaited: readonly string[];
}

/**
 * Loads a project from its compose files, or from an object of the same shape: `{ services: { web: { image: 'x' } } }`.
 *
 * Everything comes in through `options`: nothing is read from the process. Mistakes of the files come back as
 * diagnostics, all of them; those of an object name its path, `$.services.web.image`. The promise rejects only for
 * mistakes of ours.
 */
export function loadProject(options: LoadOptions): Promise<LoadResult>;
export function loadProject(
  definition: ProjectDefinition,
  options?: DefinitionOptions,
): Promise<LoadResult>;
export async function loadProject(
  source: LoadOptions | ProjectDefinition,
  options: DefinitionOptions = {},
): Promise<LoadResult> {
  return loadWithRemotes(
    isOptions(source)
      ? source
      : { cwd: nowhere, env: {}, reader: emptyReader, ...options, definition: source },
  );
}

/** Stands for the folder of an object that says of none: a project without a `name` is called after it. */
const nowhere = '/project';
const emptyReader: FileReader = { read: () => undefined, kind: () => undefined };

function isOptions(source: LoadOptions | ProjectDefinition): source is LoadOptions {
  return 'reader' in source;
}

/** Loads again whenever remote files had to be waited for. */
export async function loadWithRemotes(options: LoadOptions): Promise<DetailedLoadResult> {
  for (let round = 0; ; round += 1) {
    const result = loadProjectDetailed(options);
    if (result.awaited.length === 0) {
      return result;
    }
    if (options.remote?.bring === undefined || round >= mostRounds) {
      throw unreachable(result.awaited[0] ?? '', 'it did not come when asked for');
    }
    await options.remote.bring(result.awaited);
  }
}

/** What is brought in one round may name more only where variables choose the address. */
const mostRounds = 10;

/** One pass over the files that are here; `awaited` says whether that was all. */
export function loadProjectDetailed(options: LoadOptions): DetailedLoadResult {
  return new ProjectLoad(options).run();
}

class ProjectLoad {
  readonly #options: LoadOptions;
  readonly #findings = new Findings();
  readonly #files: ComposeFiles;
  readonly #environment: ProjectEnvironment;
  readonly #shared: LoadShared;

  constructor(options: LoadOptions) {
    const { env, reader, stdin, remote, interpolate = true } = options;
    this.#options = options;
    this.#files = new ComposeFiles(reader, this.#findings, stdin);
    // shells set it; what starts programs without one does not
    this.#environment = new ProjectEnvironment({ PWD: options.cwd, ...env });
    this.#shared = {
      files: this.#files,
      reader,
      findings: this.#findings,
      variables: { unset: new Map(), uses: new Map() },
      home: env.HOME === '' ? undefined : env.HOME,
      interpolate,
      refused: new Set(),
      budget: new NodeBudget(),
      awaited: new Set(),
      ...(remote === undefined ? {} : { remote }),
    };
  }

  run(): DetailedLoadResult {
    const { definition } = this.#options;
    if (definition !== undefined) {
      this.#files.provide(parseDefinition(definition, this.#findings));
    }
    const { files, workingDir } = this.#locateFiles();
    if (files.length === 0) {
      this.#findings.error(
        'COMPOSE_FILE_NOT_FOUND',
        `no compose file in ${this.#options.cwd} or any folder above it`,
      );
    }
    const tree = files.length === 0 ? undefined : this.#loadTree(files, workingDir);
    this.#reportUnsetVariables();
    const origins = new TreeOrigins(tree);
    // with variables left in place there are no numbers and sizes to decode yet
    const isDecodable = tree !== undefined && this.#shared.interpolate;
    const project = isDecodable ? this.#project(tree, origins) : undefined;
    const names = servicesIn(tree);
    const diagnostics = this.#findings.sorted();
    return {
      ...(project === undefined ? {} : this.#findings.hasErrors ? { draft: project } : { project }),
      diagnostics,
      origins,
      tree,
      workingDir,
      files: files.filter((file) => file !== definitionFile),
      environment: Object.fromEntries(this.#environment.values),
      disabledServices: names.filter((name) => !Object.hasOwn(project?.services ?? {}, name)),
      profileNames: profilesIn(tree),
      variableContents: this.#variableContents(tree),
      variables: this.#shared.variables,
      projectEnvironment: this.#environment,
      awaited: [...this.#shared.awaited],
    };
  }

  /** Finds the files and reads the .env files beside them; a .env file may itself set COMPOSE_FILE. */
  #locateFiles(): { files: string[]; workingDir: string } {
    const { cwd, reader, definition } = this.#options;
    if (definition !== undefined) {
      const workingDir = this.#workingDir([]);
      this.#readEnvFiles(workingDir);
      return { files: [definitionFile], workingDir };
    }
    let files = (this.#options.files ?? []).map((file) => absolute(file, cwd));
    this.#readEnvFiles(this.#workingDir(files));
    if (files.length === 0) {
      const listed = this.#environment.get('COMPOSE_FILE');
      files =
        listed === undefined
          ? findComposeFiles(this.#workingDir([]), reader, this.#findings)
          : filesFromVariable(listed, this.#environment.get('COMPOSE_PATH_SEPARATOR'), cwd);
      this.#readEnvFiles(this.#workingDir(files));
    }
    return { files, workingDir: this.#workingDir(files) };
  }

  #workingDir(files: readonly string[]): string {
    const first = files.find((file) => file !== '-');
    const { workingDir, cwd } = this.#options;
    if (workingDir !== undefined) {
      return absolute(workingDir, cwd);
    }
    return first === undefined ? cwd : dirname(first);
  }

  #readEnvFiles(workingDir: string): void {
    const { cwd, reader, envFiles } = this.#options;
    const paths = envFilePaths(envFiles, { cwd, workingDir }, this.#environment, reader);
    const variables = readEnvFiles(
      paths.map((path) => ({ path })),
      {
        files: this.#files,
        findings: this.#findings,
        lookup: (name) => this.#environment.get(name),
      },
    );
    this.#environment.addMissing(variables);
  }

  #loadTree(files: readonly string[], workingDir: string): MapNode | undefined {
    const {
      projectName: given,
      resolvePaths = true,
      normalize: shouldNormalize = true,
    } = this.#options;
    const documents = files.flatMap((file) => this.#files.parse(file)?.documents ?? []);
    const name = projectName(
      {
        given: given ?? this.#environment.get('COMPOSE_PROJECT_NAME'),
        documents,
        workingDir,
        lookup: (variable) => this.#environment.get(variable),
        interpolate: this.#shared.interpolate,
      },
      this.#findings,
    );
    this.#environment.set('COMPOSE_PROJECT_NAME', name);
    const tree = loadFiles(files, {
      shared: this.#shared,
      workingDir,
      pathBase: workingDir,
      resolvePaths,
      environment: this.#filledIn(),
      including: [],
    });
    if (tree === undefined) {
      if (!this.#findings.hasErrors) {
        this.#findings.error('COMPOSE_PROJECT_EMPTY', `${files.join(', ')}: nothing is defined`);
      }
      return undefined;
    }
    if (tree.entries.size === 0 && !this.#findings.hasErrors) {
      this.#findings.error('COMPOSE_PROJECT_EMPTY', 'the compose file is empty', tree);
    }
    if (shouldNormalize) {
      normalize(tree, { projectName: name, environment: this.#filledIn() });
    }
    return tree;
  }

  /** Variables that may stand in for names without a value; none where variables are to stay in place. */
  #filledIn(): ReadonlyMap<string, string> {
    return this.#shared.interpolate ? this.#environment.values : new Map();
  }

  #project(tree: MapNode, origins: TreeOrigins): Project {
    const { services: named = [], allResources = false } = this.#options;
    const decoded = projectShape(tree, { findings: this.#findings, path: undefined }) as Project;
    const name = this.#environment.get('COMPOSE_PROJECT_NAME') ?? '';
    const { enabled, disabled } = enableServices(decoded.services, this.#profiles(), named);
    let project: Project = { ...decoded, name, services: enabled };
    if (this.#options.checkConsistency !== false) {
      checkConsistency(project, {
        findings: this.#findings,
        origins,
        disabled,
        refused: this.#shared.refused,
      });
    }
    project = { ...project, services: this.#resolveFiles(enabled, origins) };
    const selected = selectServices(project.services, named, this.#findings);
    project = { ...project, services: selected };
    return allResources ? project : withoutUnusedResources(project);
  }

  #profiles(): readonly string[] {
    const { profiles = [] } = this.#options;
    if (profiles.length > 0) {
      return profiles;
    }
    return (this.#environment.get('COMPOSE_PROFILES') ?? '')
      .split(',')
      .map((profile) => profile.trim());
  }

  #resolveFiles(
    services: Readonly<Record<string, Service>>,
    origins: TreeOrigins,
  ): Record<string, Service> {
    const context = {
      files: this.#files,
      findings: this.#findings,
      origins,
      environment: this.#environment.values,
    };
    const resolved: Record<string, Service> = {};
    for (const [name, service] of Object.entries(services)) {
      const withEnvironment =
        this.#options.resolveEnvironment === false
          ? service
          : resolveEnvironment(name, service, context);
      resolved[name] = resolveLabels(name, withEnvironment, context);
    }
    return resolved;
  }

  #variableContents(tree: MapNode | undefined): Map<string, string> {
    const contents = new Map<string, string>();
    for (const section of ['configs', 'secrets']) {
      const resources = child(tree, section);
      if (resources?.kind !== 'map') {
        continue;
      }
      for (const [name, { value }] of resources.entries) {
        const variable = stringOf(child(value, 'environment'));
        const content = variable === undefined ? undefined : this.#environment.get(variable);
        if (content !== undefined) {
          contents.set(`${section}.${name}`, content);
        }
      }
    }
    return contents;
  }

  #reportUnsetVariables(): void {
    for (const [name, nodes] of this.#shared.variables.unset) {
      const [first, ...others] = nodes;
      this.#findings.warning(
        'COMPOSE_VARIABLE_UNSET',
        `variable ${name} is not set; the empty string takes its place`,
        first,
        { related: others.slice(0, 9).map((place) => ({ message: 'also used here', place })) },
      );
    }
  }
}

function servicesIn(tree: Node | undefined): string[] {
  const services = child(tree, 'services');
  return services?.kind === 'map' ? [...services.entries.keys()].sort() : [];
}

function profilesIn(tree: Node | undefined): string[] {
  const services = child(tree, 'services');
  const names = new Set<string>();
  for (const { value } of services?.kind === 'map' ? services.entries.values() : []) {
    const profiles = child(value, 'profiles');
    for (const item of profiles?.kind === 'seq' ? profiles.items : []) {
      names.add(stringOf(item) ?? '');
    }
  }
  return [...names].sort();
}
