import { errorTable } from './entry.ts';

/** What the machine refuses, whoever asks; `host-failure.ts` tells them apart. */
export const hostErrorCodes = errorTable({
  HOST_DISK_FULL: {
    meaning: 'A file system has no space or no inodes left, or a quota is used up.',
    causes: ['images and volumes that nobody uses any more', 'a container that fills its root'],
    hint: 'Free space (`coracle system prune` removes what is not used), or set CORACLE_DATA to a larger disk.',
  },
  HOST_READ_ONLY: {
    meaning: 'Something of ours is to be written where the file system is read-only.',
    causes: ['a disk that the kernel mounted so after an error', 'an immutable system'],
    hint: 'Mount it for writing, or set CORACLE_DATA and CORACLE_RUN to folders that can be written.',
  },
  HOST_FILES_EXHAUSTED: {
    meaning: 'No further file can be opened: a limit of open files is reached.',
    causes: ['a low `ulimit -n` of the shell', 'fs.file-max of the whole machine'],
    hint: 'Raise the limit of the shell that starts this command: ulimit -n 1024.',
  },
  HOST_MEMORY_EXHAUSTED: {
    meaning: 'The kernel gives no more memory, or no more processes.',
    causes: ['memory is full', 'a limit of processes (`ulimit -u`, a cgroup)'],
    hint: 'End something that is not needed, or raise the limit.',
  },
  HOST_PERMISSION_DENIED: {
    meaning: 'The kernel does not allow an operation on a file of the host.',
    causes: ['not root', 'root without its capabilities, as inside another container'],
    hint: 'Run it as root, and check the permissions of the path.',
  },
  HOST_KERNEL_FEATURE_MISSING: {
    meaning: 'The kernel lacks, or hides, a feature that containers need.',
    causes: [
      'a kernel older than 5.12',
      'a module that is not loaded: overlay',
      'a system call filter of the container that this runs in',
    ],
    hint: 'Run `coracle doctor`: it lists what is missing, and what to do.',
  },
  HOST_DISK_FAILED: {
    meaning: 'A disk failed to read or write.',
    causes: ['a damaged disk', 'a network file system that is gone'],
    hint: 'Look at the kernel log: dmesg.',
  },
  HOST_PATH_TOO_LONG: {
    meaning: 'A path or a name is longer than the file system takes.',
    causes: ['a deep CORACLE_DATA', 'a name of more than 255 bytes'],
    hint: 'Use a shorter name, or a shorter CORACLE_DATA.',
  },
});
