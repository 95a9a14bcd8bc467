import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ContextSource, parseGitAddress } from '../../build/index.ts';
import { AppError } from '../../core/index.ts';

/** What a build context's text means: a folder, an archive, an address, or `-` for an archive on standard input. */
export function contextSource(text: string, cwd: string): ContextSource {
  if (text === '-') return { kind: 'archive', archive: 0 };
  if (parseGitAddress(text) !== undefined) return { kind: 'git', url: text };
  if (/^https?:\/\//.test(text)) return { kind: 'url', url: text };
  const path = resolve(cwd, text);
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  return isFile ? { kind: 'archive', archive: path } : { kind: 'folder', path };
}

/** `name=source` of `--build-context`. @throws {AppError} `CLI_USAGE` */
export function namedContext(text: string, cwd: string): [string, ContextSource] {
  const equals = text.indexOf('=');
  if (equals < 1) {
    throw new AppError('CLI_USAGE', `--build-context: "${text}" is not NAME=SOURCE`);
  }
  return [text.slice(0, equals), namedSource(text.slice(equals + 1), cwd)];
}

/** The source of a named context, which may be an image, too. @throws {AppError} `BUILD_UNSUPPORTED` */
export function namedSource(text: string, cwd: string): ContextSource {
  const [, scheme, rest = ''] = /^(docker-image|oci-layout|target):(?:\/\/)?(.*)$/.exec(text) ?? [];
  if (scheme === 'docker-image') return { kind: 'image', reference: rest };
  if (scheme === 'oci-layout') return layoutSource(rest, cwd);
  if (scheme !== undefined) {
    throw new AppError('BUILD_UNSUPPORTED', `context "${text}": there is no such service`, {
      hint: 'Use a folder, an address, docker-image://NAME or oci-layout://FOLDER[:TAG].',
    });
  }
  return contextSource(text, cwd);
}

/** `folder`, `folder:tag`, `folder@sha256:…`. */
function layoutSource(text: string, cwd: string): ContextSource {
  const [, path = '', tag, digest] =
    /^(.*?)(?::([\w.-]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? [];
  return {
    kind: 'oci-layout',
    path: resolve(cwd, path),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}
