/**
 * A project as text: the JSON and the YAML that `config` prints, in Docker Compose's shape.
 */
export { projectJson } from './project-json.ts';
