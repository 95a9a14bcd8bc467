/**
 * A Docker Engine behind our engine's face, through dockerode: `--engine unix:///var/run/docker.sock`. What Docker's API has is passed
 * on as it is; what ours has beyond it (health without polling, listening ports, log lines with their stream) is made from
 * what Docker answers. docs/docker-engine.md lists what differs.
 *
 * A part of its own in the bundle: nobody who has no Docker loads it.
 */
export { type DockerEngineOptions, dockerEngine } from './docker-engine.ts';
export { dockerPull } from './docker-pull.ts';
