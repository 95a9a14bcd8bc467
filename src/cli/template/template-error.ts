/** What is wrong with a template, or with one that is applied to a value; the caller says which flag it came from. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}
