/**
 * Reads the world for the planner: what the engine lists under a project's labels, which images are local, and what
 * configs and secrets hold. Only reads; what it finds is plain data.
 */
export { imageId, listProjectContainers, observeProject } from './observe-project.ts';
export { type ProvidedFilesOptions, readProvidedFiles } from './provided-files.ts';
