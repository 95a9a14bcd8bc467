import type { DetailedLoadResult } from '../../compose/load/index.ts';
import type { CommandContext } from '../context.ts';
import { DiagnosticsError } from '../diagnostics-error.ts';
import { printWarnings, shortPath } from '../print-diagnostics.ts';
import { remoteFiles } from '../remote/remote-files.ts';
import { version } from '../version.ts';
import type { ConfigFlags } from './flags.ts';

/**
 * Loads the project as the flags ask. With `--format json` or `sarif`, findings go to standard output as data.
 * @throws {DiagnosticsError}
 */
export async function loadForConfig(
  context: CommandContext,
  services: readonly string[],
  flags: ConfigFlags,
): Promise<DetailedLoadResult> {
  const { loadWithRemotes, systemFileReader } = await import('../../compose/load/index.ts');
  const { options, host } = context;
  const result = await loadWithRemotes({
    files: options.files,
    cwd: host.cwd,
    env: host.env,
    envFiles: options.envFiles,
    profiles: options.profiles,
    reader: systemFileReader,
    ...(await remoteFiles(context)),
    services: takesServices(flags) ? services : [],
    allResources: options.allResources,
    interpolate: flags.interpolate !== false,
    normalize: flags.normalize !== false,
    resolvePaths: flags.pathResolution !== false,
    resolveEnvironment: flags.envResolution !== false,
    checkConsistency: flags.consistency !== false,
    ...(options.projectDirectory === undefined ? {} : { workingDir: options.projectDirectory }),
    ...(options.projectName === undefined ? {} : { projectName: options.projectName }),
    ...(options.files.includes('-') ? { stdin: await host.readStdin() } : {}),
  });
  const diagnostics = [...result.diagnostics];
  if (result.project !== undefined && flags.consistency !== false) {
    const { conflicts } = await import('../../compose/support/index.ts');
    diagnostics.push(...conflicts(result.project, result.origins));
  }
  if (flags.format === 'sarif') {
    const { renderSarif } = await import('../../compose/diagnostics/index.ts');
    const uriOf = (file: string) => shortPath(file, host.cwd);
    context.out(renderSarif(diagnostics, { version, uriOf }));
  }
  if (diagnostics.some(({ severity }) => severity === 'error')) {
    if (flags.format === 'json') {
      context.out(`${JSON.stringify({ diagnostics }, null, 2)}\n`);
    }
    throw new DiagnosticsError(diagnostics);
  }
  printWarnings(context, diagnostics);
  return result;
}

/** Lists of the whole project do not look at the services named. */
function takesServices(flags: ConfigFlags): boolean {
  return !(
    flags.services === true ||
    flags.volumes === true ||
    flags.networks === true ||
    flags.models === true ||
    (flags.hash ?? '') !== '' ||
    flags.interpolate === false
  );
}
