import { writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { DetailedLoadResult, Project } from '../../compose/load/index.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import type { ConfigFlags } from '../config/flags.ts';
import { configFlags } from '../config/flags.ts';
import { loadForConfig } from '../config/load.ts';
import { printConfigNames } from '../config/names.ts';
import { pinImages } from '../config/pin-images.ts';
import { printVariables } from '../config/variables.ts';
import type { CommandContext } from '../context.ts';
import { shortPath } from '../print-diagnostics.ts';

export const configCommand = defineCommand<ConfigFlags>({
  name: 'config',
  positional: '[SERVICE...]',
  summary: 'Parse, resolve and render compose file in canonical format',
  flags: configFlags,
  examples: [
    'compose config --services',
    'compose config --explain services.web.ports',
    'compose config --format sarif -o findings.sarif',
  ],
  async run(context, services, flags) {
    if (flags.variables === true) {
      return printVariables(
        context,
        await loadForConfig(context, services, { ...flags, interpolate: false }),
        flags,
      );
    }
    const result = await loadForConfig(context, services, flags);
    if (flags.explain !== undefined || flags.explainEnv !== undefined) {
      return explain(context, result, flags);
    }
    if (printConfigNames(context, result, flags)) {
      return 0;
    }
    const content = await render(context, result, flags);
    if (flags.quiet === true) {
      return 0;
    }
    if (flags.output !== undefined) {
      const path = isAbsolute(flags.output) ? flags.output : join(context.host.cwd, flags.output);
      await writeFile(path, content);
    } else {
      context.out(content);
    }
    return 0;
  },
});

async function render(
  context: CommandContext,
  result: DetailedLoadResult,
  flags: ConfigFlags,
): Promise<string> {
  const { projectJson, projectYaml, plainJson, plainYaml } = await import(
    '../../compose/render/index.ts'
  );
  const { format = 'yaml' } = flags;
  if (format !== 'yaml' && format !== 'json') {
    throw new AppError('CLI_USAGE', `--format: "${format}" is none of yaml, json, sarif`);
  }
  if (flags.interpolate === false) {
    const { toPlain } = await import('../../compose/load/index.ts');
    const name = result.environment.COMPOSE_PROJECT_NAME;
    const written = result.tree === undefined ? {} : (toPlain(result.tree) as Project);
    const plain = flags.normalize === false ? { ...written } : { ...written, name };
    return format === 'json' ? plainJson(plain) : plainYaml(plain);
  }
  let project = result.project as Project;
  if (flags.resolveImageDigests === true || flags.lockImageDigests === true) {
    const { origins } = result;
    project = await pinImages(context, { project, origins }, flags.lockImageDigests === true);
  }
  const text = format === 'json' ? projectJson(project) : projectYaml(project);
  // read back as a compose file, a single dollar sign would start a variable
  return text.replaceAll('$', '$$$$');
}

async function explain(
  context: CommandContext,
  result: DetailedLoadResult,
  { explain: path, explainEnv }: ConfigFlags,
): Promise<number> {
  const { explainPath, explainVariable } = await import('../../compose/diagnostics/index.ts');
  const shorten = (file: string) => shortPath(file, context.host.cwd);
  if (explainEnv !== undefined) {
    context.out(explainVariable(result, explainEnv, shorten));
  }
  if (path !== undefined) {
    const text = explainPath(result, path, shorten);
    if (text === undefined) {
      throw new AppError('CLI_USAGE', `the project has nothing at "${path}"`, {
        hint: 'Write the path as the output of `config` has it: services.web.ports.',
      });
    }
    context.out(text);
  }
  return 0;
}
