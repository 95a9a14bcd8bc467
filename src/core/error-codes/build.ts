import { errorTable } from './entry.ts';

export const buildErrorCodes = errorTable({
  BUILD_DOCKERFILE_INVALID: {
    meaning: 'A Dockerfile cannot be read as one.',
    causes: ['a misspelled instruction or flag', 'a missing argument', 'an unclosed quote'],
    hint: 'Correct the place that the message shows.',
    exitCode: 1,
    httpStatus: 400,
  },
  BUILD_DOCKERFILE_MISSING: {
    meaning: 'There is no Dockerfile where one was looked for.',
    causes: ['a misspelled path', 'the wrong build context', 'a Dockerfile of another name'],
    hint: 'Name it with --file, or with `dockerfile:` in the compose file.',
    httpStatus: 400,
  },
  BUILD_STAGE_UNKNOWN: {
    meaning: 'A build stage is named that the Dockerfile does not have.',
    causes: ['a misspelled target', 'a stage that comes later in the file'],
    hint: 'Use one of the names after AS in the FROM instructions.',
    httpStatus: 400,
  },
  BUILD_CONTEXT_INVALID: {
    meaning: 'The folder, archive or repository that a build reads its files from cannot be used.',
    causes: ['a path that does not exist', 'no folder', 'a reference that the repository lacks'],
    hint: 'Check the build context.',
    httpStatus: 400,
  },
  BUILD_CACHE_INVALID: {
    meaning: 'A build cache that cache_from or cache_to names cannot be read.',
    causes: [
      'a name that stands for an image, or for the cache of another builder',
      'a folder that was changed by hand',
    ],
    hint: 'Write it anew with cache_to; without it, the steps are done on this machine.',
  },
  BUILD_LINT_FAILED: {
    meaning: 'A Dockerfile has warnings, and its check directive says that they are errors.',
    causes: ['`# check=error=true` in the first lines of the file'],
    hint: 'Mend what the rule names, or leave it out with `# check=skip=RULE;error=true`.',
    httpStatus: 400,
  },
  BUILD_FETCH_FAILED: {
    meaning: 'Something that a build needs could not be fetched.',
    causes: ['no network', 'a server that answers with an error', 'a checksum that differs'],
    hint: 'Check the address and the network, then build again: finished steps are kept.',
  },
  BUILD_SOURCE_MISSING: {
    meaning: 'A file that COPY, ADD or a mount names is not in its source.',
    causes: ['a misspelled path', 'a path outside of the context', 'excluded by .dockerignore'],
    hint: 'Check the path, relative to the build context, and .dockerignore.',
    httpStatus: 400,
  },
  BUILD_COPY_FAILED: {
    meaning: 'Files could not be copied into the image.',
    causes: [
      'a folder where a file is to be, or the other way round',
      'a full disk',
      'a user that the image does not have',
    ],
    hint: 'Look at the named path.',
  },
  BUILD_STEP_FAILED: {
    meaning: 'A RUN instruction ended with an error.',
    causes: ['the command failed', 'the command is not in the image', 'no network in the step'],
    hint: 'Read the output of the step above.',
  },
  BUILD_SECRET_MISSING: {
    meaning: 'A RUN instruction needs a secret or an SSH agent that the build was not given.',
    causes: ['no such --secret or --ssh', 'no `secrets:` or `ssh:` below `build:`'],
    hint: 'Give it with --secret id=NAME,src=FILE, or under `build.secrets` of the compose file.',
    httpStatus: 400,
  },
  BUILD_NOT_ALLOWED: {
    meaning: 'A RUN instruction asks for more rights than the build was given.',
    causes: ['--network=host or --security=insecure without the entitlement'],
    hint: 'Allow it with `entitlements:` or `privileged: true` below `build:`, or with --allow.',
    httpStatus: 403,
  },
  BUILD_UNSUPPORTED: {
    meaning: 'A build asks for something that this version cannot do.',
    causes: ['another platform than this machine', 'an exporter or a cache of another kind'],
    hint: 'Leave it out.',
    httpStatus: 400,
  },
});
