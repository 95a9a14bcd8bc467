import type { FileReference } from '../model/index.ts';

/**
 * Where the content of configs and secrets lies on the host, made out before planning (`../observe`): the user's own
 * file where it can be mounted as it is, else a copy of ours with the asked owner and mode.
 */
export interface ProvidedFiles {
  /** Host path to mount for a service's reference. */
  pathFor(kind: 'configs' | 'secrets', reference: FileReference): string;
  /** SHA-256 of the content in hexadecimal digits: a changed content recreates, and is never itself in a label. */
  digestOf(kind: 'configs' | 'secrets', reference: FileReference): string;
  /** The copy to write before a container that uses the reference is created; none where the user's file is mounted. */
  copyFor(kind: 'configs' | 'secrets', reference: FileReference): ProvidedCopy | undefined;
}

/** A config's or secret's content on its way to a file of ours. */
export interface ProvidedCopy {
  readonly path: string;
  readonly content: Uint8Array;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}
