import { defineCommand } from '../command.ts';
import type { Check } from '../doctor/check.ts';
import { folderCheck, kernelCheck, limitChecks, userCheck } from '../doctor/host-checks.ts';
import { nativeChecks } from '../doctor/native-checks.ts';
import { listFormatFlag } from '../listing/index.ts';
import { nativeFolder } from '../open-engine.ts';

export const doctorCommand = defineCommand({
  name: 'doctor',
  positional: '',
  summary: 'Check what this machine offers for running containers',
  flags: [listFormatFlag],
  examples: ['coracle doctor', 'coracle doctor --format json'],
  run(context, _args, { format }) {
    const { host, roots } = context;
    const checks = [
      userCheck(host.uid),
      kernelCheck(),
      ...nativeChecks(nativeFolder(host), roots.data),
      folderCheck('data folder', roots.data, 'CORACLE_DATA'),
      folderCheck('run folder', roots.run, 'CORACLE_RUN'),
      ...limitChecks(),
    ];
    context.out(format === 'json' ? `${JSON.stringify(checks)}\n` : checks.map(text).join(''));
    return Promise.resolve(checks.some(({ state }) => state === 'fail') ? 1 : 0);
  },
});

const words = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' } as const;

function text({ name, state, found, fix }: Check): string {
  const line = `${words[state]}  ${name}: ${found}\n`;
  return fix === '' ? line : `${line}      ${fix}\n`;
}
