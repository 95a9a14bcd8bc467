/** Rules that look at how instructions are written. */
import type { DockerfileAst, InstructionNode } from '../dockerfile/ast.ts';
import type { Report } from './lint-warning.ts';

/** @param text  of the file. */
export function checkFile(ast: DockerfileAst, text: string, report: Report): void {
  checkCasing(ast, report);
  const lines = text.split('\n');
  for (const node of ast.instructions) {
    checkContinuation(node, lines, report);
    checkFrom(node, report);
    checkLegacyForm(node, report);
    checkSecrets(node, report);
    checkPorts(node, report);
    if (node.name === 'MAINTAINER') {
      const message = 'Maintainer instruction is deprecated in favor of using label';
      report('MaintainerDeprecated', node.range, message);
    }
  }
}

function written({ original }: InstructionNode): string {
  return /^\S+/.exec(original)?.[0] ?? '';
}

function checkCasing({ instructions }: DockerfileAst, report: Report): void {
  const isLower = (node: InstructionNode) => written(node) === written(node).toLowerCase();
  const isUpper = (node: InstructionNode) => written(node) === written(node).toUpperCase();
  const lower = instructions.filter(isLower).length;
  const upper = instructions.filter(isUpper).length;
  const [name, fits] = lower > upper ? ['lowercase', isLower] : (['uppercase', isUpper] as const);
  for (const node of instructions) {
    if (fits(node)) continue;
    const message = `Command '${written(node)}' should match the case of the command majority (${name})`;
    report('ConsistentInstructionCasing', node.nameRange, message);
  }
}

function checkFrom(node: InstructionNode, report: Report): void {
  if (node.name !== 'FROM') return;
  const [, keyword, alias] = node.args;
  if (keyword === undefined || alias === undefined) return;
  const isLower = (text: string) => text === text.toLowerCase();
  if (isLower(keyword.text) !== isLower(written(node))) {
    const message = `'${keyword.text}' and '${written(node)}' keywords' casing do not match`;
    report('FromAsCasing', keyword.range, message);
  }
  if (!isLower(alias.text)) {
    report('StageNameCasing', alias.range, `Stage name '${alias.text}' should be lowercase`);
  }
}

function checkContinuation(node: InstructionNode, lines: readonly string[], report: Report): void {
  const { start, end } = node.range;
  for (let line = start.line + 1; line <= end.line; line += 1) {
    if ((lines[line - 1] ?? '').trim() !== '') continue;
    const place = { line: line + 1, column: 1 };
    const range = { file: node.range.file, start: place, end: place };
    report('NoEmptyContinuation', range, 'Empty continuation line');
    return;
  }
}

function checkLegacyForm({ name, pairs, range }: InstructionNode, report: Report): void {
  if (!pairs.some(({ separator }) => separator === '')) return;
  const message = `"${name} key=value" should be used instead of legacy "${name} key value" format`;
  report('LegacyKeyValueFormat', range, message);
}

const secretName =
  /(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;

function checkSecrets({ name, pairs, args }: InstructionNode, report: Report): void {
  if (name !== 'ENV' && name !== 'ARG') return;
  const tokens = name === 'ENV' ? pairs.map(({ key }) => key) : args;
  for (const { text, range } of tokens) {
    const [key = ''] = text.split('=');
    if (!secretName.test(key) || /(?:^|_)public(?:_|$)/i.test(key)) continue;
    const message = `Do not use ARG or ENV instructions for sensitive data (${name} "${key}")`;
    report('SecretsUsedInArgOrEnv', range, message);
  }
}

function checkPorts({ name, args }: InstructionNode, report: Report): void {
  if (name !== 'EXPOSE') return;
  for (const { text, range } of args) {
    const [, protocol = ''] = text.split('/');
    if (text.includes(':') && !text.includes('$')) {
      const message = `EXPOSE instruction should not define an IP address or host-port mapping, found '${text}'`;
      report('ExposeInvalidFormat', range, message);
    }
    if (protocol !== protocol.toLowerCase() && !protocol.includes('$')) {
      const message = `Defined protocol '${text}' in EXPOSE instruction should be lowercase`;
      report('ExposeProtoCasing', range, message);
    }
  }
}
