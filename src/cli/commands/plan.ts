import { planChanges, planSummary, planToJson, printPlan } from '../../compose/plan/index.ts';
import { defineCommand } from '../command.ts';
import { writePlanFile } from '../plan-file.ts';
import { printWarning } from '../run-plan.ts';
import { planProjectUp } from '../up-input.ts';
import { upRequest } from '../up-request.ts';
import { recreateFlags, type UpFlags } from './up-flags.ts';

interface PlanFlags extends UpFlags {
  readonly format: 'text' | 'json';
  readonly out?: string;
}

/** Exit code where there is something to do; as diff tools have 1 for it, and 1 is an error's. */
const changesExitCode = 2;

export const planCommand = defineCommand<PlanFlags>({
  name: 'plan',
  positional: '[SERVICE...]',
  summary: 'Show what up would do, and why',
  flags: [
    ...recreateFlags,
    {
      flags: '--format <format>',
      description: 'Format the output',
      choices: ['text', 'json'],
      default: 'text',
    },
    { flags: '--no-deps', description: "Don't plan what the named services depend on" },
    { flags: '--no-start', description: "Don't start the services after creating them" },
    { flags: '-o, --out <file>', description: 'Keep the plan for up --plan-file' },
    {
      flags: '-t, --timeout <seconds>',
      description: 'Seconds before a container that is stopped is killed',
      kind: 'integer',
    },
    { flags: '--wait', description: 'Plan also to wait for services to be running|healthy' },
  ],
  examples: [
    'compose plan                                     exit code 0: nothing to do, 2: changes, 1: an error',
    'compose plan --out plan.json && compose up -d --plan-file plan.json',
  ],
  async run(context, services, flags) {
    const loaded = await context.load(services);
    const request = upRequest(context, services, flags);
    // A plan to be carried out later names the very images that it uses.
    const missing = flags.out === undefined ? 'planned' : 'error';
    const plan = await planProjectUp(context, loaded, request, missing);
    if (flags.out !== undefined) writePlanFile(context, flags.out, plan, request);
    for (const warning of plan.warnings) printWarning(context, warning);
    if (flags.format === 'json') {
      context.out(`${JSON.stringify(planToJson(plan), undefined, 2)}\n`);
    } else {
      context.out(`${printPlan(plan, 'changes')}${planSummary(plan)}\n`);
    }
    return planChanges(plan) ? changesExitCode : 0;
  },
});
