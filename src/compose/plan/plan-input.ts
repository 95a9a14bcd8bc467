import type { Diagnostic } from '../../core/index.ts';
import type { Project } from '../model/index.ts';
import type { ObservedProject } from './observed.ts';
import type { ProvidedFiles } from './provided-files.ts';

/** All that a plan is made from. Nothing else is read: no clock, no environment, no engine. */
export interface PlanInput {
  readonly project: Project;
  readonly observed: ObservedProject;
  readonly files: ProvidedFiles;
  /** Absolute project folder and compose files, for the labels. */
  readonly workingDir: string;
  readonly configFiles: readonly string[];
  /** Host paths of bind mounts that are not to be created and do not exist. */
  readonly missingSources: ReadonlySet<string>;
  /** Services that exist in the files but that no active profile enables: their containers are no orphans. */
  readonly disabledServices: readonly string[];
  /** `error`: a missing image is reported; `planned`: pulling or building it is a step, for plans that are looked at. */
  readonly missingImages: 'error' | 'planned';
  /** `compose.yaml:14:7` of a dotted path of the project, for causes. */
  readonly place: (path: readonly string[]) => string | undefined;
  /** Takes what cannot be run or is missing; planning goes on, so that all of it is reported at once. */
  readonly report: (finding: PlanFinding) => void;
}

/** A finding with the path of the value to blame; whoever holds the origins makes a diagnostic of it. */
export interface PlanFinding extends Pick<Diagnostic, 'message' | 'hint'> {
  readonly code:
    | 'PROJECT_NOT_SUPPORTED'
    | 'PROJECT_BIND_SOURCE_MISSING'
    | 'PROJECT_FILE_MISSING'
    | 'PROJECT_IMAGE_MISSING'
    | 'PROJECT_NETWORK_MISSING'
    | 'PROJECT_VOLUME_MISSING'
    | 'PROJECT_CONTAINER_NAME_REPLICAS';
  readonly path: readonly string[];
}

/** Which containers are replaced. */
export type RecreatePolicy =
  /** Those whose configuration or image is no longer what they were made from. */
  | 'changed'
  /** All. */
  | 'always'
  /** None; what is there stays as it is. */
  | 'never';

/** What `up`, `create` and `scale` ask for. */
export interface UpRequest {
  /** Named services; all when empty. */
  readonly services: readonly string[];
  /** False (`--no-deps`): leave out what the named services depend on. */
  readonly withDependencies: boolean;
  readonly recreate: RecreatePolicy;
  /** The same for services that were not named but are depended on. */
  readonly recreateDependencies: RecreatePolicy;
  /** `--scale web=3`. */
  readonly scale: Readonly<Record<string, number>>;
  /** What becomes of containers of services that the file no longer has. */
  readonly orphans: 'warn' | 'remove' | 'ignore';
  /** `-V`: fresh anonymous volumes instead of those of the replaced container. */
  readonly renewAnonymousVolumes: boolean;
  /** `-t`: seconds before a replaced container is killed; its own stop timeout when left out. */
  readonly timeoutS?: number;
  /** False (`create`, `up --no-start`): create only. */
  readonly start: boolean;
  /** `--all-resources`: also create networks and volumes that no service uses. */
  readonly allResources: boolean;
  /** `--wait`: the plan ends when every service is ready. */
  readonly wait: boolean;
}
