/**
 * What is wrong with a user's files, and where a value came from, as text for people, and as SARIF for editors
 * and code scanning. Finding what is wrong is `../load`'s work; nothing is judged here.
 */
export { explainPath, explainVariable } from './explain.ts';
export { renderSarif } from './render-sarif.ts';
export { renderText, type TextStyle } from './render-text.ts';
