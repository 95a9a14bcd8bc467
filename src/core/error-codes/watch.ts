import { errorTable } from './entry.ts';

/** What goes wrong while files are watched; one rule's failure leaves the others at work. */
export const watchErrorCodes = errorTable({
  WATCH_NOT_CONFIGURED: {
    meaning: 'None of the chosen services has a `develop.watch` section.',
    causes: ['no such section yet', 'a service was named that has none'],
    hint: 'Add rules under `develop: { watch: [...] }`, or name a service that has them.',
  },
  WATCH_BUILD_MISSING: {
    meaning: 'A rule with the action rebuild stands in a service that has no `build`.',
    causes: ['the service uses an image that others made'],
    hint: 'Give the service a `build`, or use `sync`, `restart` or `sync+restart`.',
  },
  WATCH_EXEC_MISSING: {
    meaning: 'A rule with the action sync+exec does not say which command to run.',
    causes: ['`exec` or its `command` is missing'],
    hint: 'Add `exec: { command: [...] }` to the rule.',
  },
  WATCH_PATH_MISSING: {
    meaning: 'The path that a rule watches does not exist.',
    causes: ['a typo', 'a folder that is generated and has not been yet'],
    hint: 'Create it, and the rule goes on by itself; or mend the path.',
  },
  WATCH_PATH_OUTSIDE: {
    meaning: 'The path that a rule watches lies outside of the project folder.',
    causes: ['`..` in the path', 'a link that leads out'],
    hint: 'Nothing to do where that is meant: it is watched all the same.',
  },
  WATCH_PATH_UNREADABLE: {
    meaning: 'A folder below a watched path cannot be read.',
    causes: ['missing permissions', 'a network file system that lets root read nothing'],
    hint: 'Make it readable, or leave it out with `ignore`.',
  },
  WATCH_TARGET_INVALID: {
    meaning: 'Files cannot be synced to the target of a rule.',
    causes: [
      'the target is a file in the container, and the path a folder',
      'the target lies in /proc or /sys',
    ],
    hint: 'Name a folder of the container as the target.',
  },
  WATCH_PATTERN_INVALID: {
    meaning: 'A pattern of `ignore`, `include` or a .dockerignore file is not valid.',
    causes: ['a `[` without its `]`', 'a backslash at the end'],
    hint: 'Mend the pattern; it is written as in a .dockerignore file.',
  },
  WATCH_SYNC_FAILED: {
    meaning: 'Some files could not be written into the container.',
    causes: ['a full disk', 'a mount in the way', 'a file that cannot be read on the host'],
    hint: 'Mend the cause, then save the file again.',
  },
  WATCH_REBUILD_FAILED: {
    meaning: 'Services were built anew but could not be brought up on the new images.',
    causes: ['what the message says'],
    hint: 'Mend the cause; the next change builds again. The containers that were there still run.',
  },
  WATCH_EXEC_FAILED: {
    meaning: 'The command of a sync+exec rule ended with an error.',
    causes: ['its own; its output stands above', 'the image lacks it'],
    hint: 'Read its output; it runs again with the next change.',
  },
  WATCH_BACKGROUND_FAILED: {
    meaning: 'The watch that was to work in the background could not start.',
    causes: ['as its message says'],
    hint: 'Run `compose watch` in the foreground to see all of it.',
  },
  WATCH_BIND_MOUNTED: {
    meaning: 'The path of a sync rule is bind-mounted into the same service.',
    causes: ['`volumes` and `develop.watch` name the same folder'],
    hint: 'Remove one of the two; restart and exec still follow each change.',
  },
});
