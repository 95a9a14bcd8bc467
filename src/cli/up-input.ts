import { existsSync, readFileSync } from 'node:fs';
import type { Project } from '../compose/model/index.ts';
import { observeProject, readProvidedFiles } from '../compose/observe/index.ts';
import {
  type Plan,
  type PlanFinding,
  type PlanInput,
  planUp,
  type UpRequest,
} from '../compose/plan/index.ts';
import { conflicts, unsupported } from '../compose/support/index.ts';
import { type Diagnostic, errorCodes } from '../core/index.ts';
import type { CommandContext, LoadedProject } from './context.ts';
import { DiagnosticsError } from './diagnostics-error.ts';
import { printWarnings, shortPlace } from './print-diagnostics.ts';
import { checkImageNames } from './run-problems.ts';

/**
 * Observes a loaded project and plans bringing it up.
 * @throws {DiagnosticsError}  with everything that cannot be run or is missing, each at its place.
 */
export async function planProjectUp(
  context: CommandContext,
  loaded: LoadedProject,
  request: UpRequest,
  missingImages: PlanInput['missingImages'] = 'error',
): Promise<Plan> {
  const asked = unsupported(loaded.project, loaded.origins);
  printWarnings(context, asked);
  const diagnostics = asked.filter(({ severity }) => severity === 'error');
  for (const conflict of conflicts(loaded.project, loaded.origins)) {
    diagnostics.push({ ...conflict, severity: 'error' });
  }
  const report = (finding: PlanFinding) => diagnostics.push(toDiagnostic(loaded, finding));
  const input = await planInput(context, loaded, report, missingImages);
  const plan = context.during('plan', () => planUp(input, request));
  throwFindings(diagnostics);
  return plan;
}

/** All that the planner reads, for a loaded project. */
export async function planInput(
  context: CommandContext,
  loaded: LoadedProject,
  report: (finding: PlanFinding) => void,
  missingImages: PlanInput['missingImages'] = 'error',
): Promise<PlanInput> {
  const { project } = loaded;
  checkImageNames(project, loaded.origins);
  return {
    project,
    observed: await observe(context, project.name, project),
    files: readProvidedFiles({
      project,
      environment: loaded.environment,
      folder: context.projectFolder(project.name),
      read: readOptionalFile,
      report,
    }),
    missingSources: missingSources(project),
    missingImages,
    workingDir: loaded.workingDir,
    configFiles: loaded.files,
    disabledServices: loaded.disabledServices,
    place: (path) => {
      const range = loaded.origins.origin(path.join('.'));
      return range === undefined ? undefined : shortPlace(range, context.host.cwd);
    },
    report,
  };
}

/** Reads what the engine has of a project. */
export function observe(context: CommandContext, name: string, project?: Project) {
  return context.during('observe', async () =>
    observeProject(await context.engine(), name, project),
  );
}

function missingSources(project: Project): ReadonlySet<string> {
  const missing = new Set<string>();
  for (const { volumes = [] } of Object.values(project.services)) {
    for (const { type, source, bind } of volumes) {
      if (type !== 'bind' || source === undefined || bind?.create_host_path) continue;
      if (!existsSync(source)) missing.add(source);
    }
  }
  return missing;
}

/** A finding of the planner at its place in the user's file. */
export function toDiagnostic(loaded: LoadedProject, finding: PlanFinding): Diagnostic {
  const range = loaded.origins.origin(finding.path.join('.'));
  const hint = finding.hint ?? errorCodes[finding.code].hint;
  return {
    code: finding.code,
    severity: 'error',
    message: finding.message,
    hint,
    ...(range === undefined ? {} : { range }),
  };
}

/** @throws {DiagnosticsError}  where there is any, each once. */
export function throwFindings(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.length === 0) return;
  const distinct = new Map(
    diagnostics.map((one) => [`${JSON.stringify(one.range)}${one.message}`, one]),
  );
  throw new DiagnosticsError([...distinct.values()]);
}

function readOptionalFile(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
