/** `--format` templates: the part of Go's text/template that Docker's users write. */
export { evaluateTemplate, type FunctionTable } from './evaluate.ts';
export { templateFunctions } from './functions.ts';
export { type Node, parseTemplate } from './parser.ts';
export { TemplateError } from './template-error.ts';
