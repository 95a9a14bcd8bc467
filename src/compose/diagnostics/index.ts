/**
 * Findings about a user's files as SARIF, for editors and code scanning (`core` has the text for people), and the
 * answers of `config --explain`: where a value came from. Finding what is wrong is `../load`'s work.
 */
export { explainPath, explainVariable } from './explain.ts';
export { renderSarif } from './render-sarif.ts';
