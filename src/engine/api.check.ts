/** Compile-time proof that dockerode's client can stand where an {@link EngineApi} is asked for. */
import type Dockerode from 'dockerode';
import type { EngineApi } from './api.ts';

type Assignable<To, From extends To> = [To, From];

export type DockerodeIsAnEngine = Assignable<EngineApi, Dockerode>;
