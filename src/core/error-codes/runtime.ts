import { errorTable } from './entry.ts';

export const runtimeErrorCodes = errorTable({
  NATIVE_FAILED: {
    meaning: 'A system call of the native side failed.',
    causes: [
      'missing rights',
      'a kernel without the feature',
      'a full disk',
      'a path that is gone',
    ],
    hint: 'Look at the named step and path; the details carry the stage and errno.',
  },
  NATIVE_COMMAND_NOT_FOUND: {
    meaning: "The container's command does not exist inside it.",
    causes: ['a typo in command or entrypoint', 'the interpreter after #! is not in the image'],
    hint: 'Check command and entrypoint against what is in the image.',
    exitCode: 127,
    httpStatus: 400,
  },
  NATIVE_COMMAND_NOT_EXECUTABLE: {
    meaning: "The container's command exists but cannot be executed.",
    causes: [
      'no execute permission',
      'built for another architecture',
      'a file system mounted noexec',
    ],
    hint: 'Make the file executable (chmod +x) and check what it was built for.',
    exitCode: 126,
    httpStatus: 400,
  },
  NATIVE_NOT_RUNNING: {
    meaning: 'The container has no shim that could answer: it does not run.',
    causes: ['it has ended', 'it was never started', 'its shim was killed'],
    hint: 'Start the container first.',
    httpStatus: 409,
  },
  NATIVE_READ_ONLY: {
    meaning: 'Something is to be written where the file system is read-only.',
    causes: ['`read_only: true`', 'a volume or bind mount with `:ro`', 'a disk that is mounted so'],
    hint: 'Mount a volume or a tmpfs at the named path, or take `read_only` away.',
    httpStatus: 409,
  },
  NATIVE_WATCH_LIMIT: {
    meaning:
      'The kernel gives no more inotify watches, or no more inotify instances, to this user.',
    causes: [
      'a tree with more folders than fs.inotify.max_user_watches',
      'editors and other watchers that use them up',
      'more watchers than fs.inotify.max_user_instances',
    ],
    hint: 'Raise the limit: sudo sysctl fs.inotify.max_user_watches=1048576 fs.inotify.max_user_instances=1024; or leave folders out with `ignore`.',
  },
  NATIVE_CLIENT_DIED: {
    meaning: 'The native child ended while requests were open.',
    causes: ['it was killed', 'memory ran out'],
    hint: 'Run the command again; what was begun is repaired by the next command.',
  },
  NATIVE_BINARY_UNUSABLE: {
    meaning: 'The native program cannot be run.',
    causes: ['it was not built', 'it was built for another machine', 'no execute permission'],
    hint: 'Build it with npm run build:native.',
  },
  RUNTIME_SPEC_INVALID: {
    meaning: 'A value cannot be expressed in an OCI runtime-spec.',
    causes: ['an unknown capability, limit or option', 'a value out of range'],
    hint: 'Correct the named value.',
    httpStatus: 400,
  },
  RUNTIME_SECCOMP_PROFILE_INVALID: {
    meaning: 'A seccomp profile could not be read or understood.',
    causes: ['the file does not exist', 'it is not JSON in the form that Docker takes'],
    hint: 'Name a readable profile, or use seccomp=unconfined.',
    httpStatus: 400,
  },
});
