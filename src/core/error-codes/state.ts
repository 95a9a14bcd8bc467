import { errorTable } from './entry.ts';

export const stateErrorCodes = errorTable({
  STATE_DATA_FOLDER_UNUSABLE: {
    meaning: 'The data or run folder cannot be created or written.',
    causes: ['not root', 'a read-only file system', 'a full disk'],
    hint: 'Run as root, or set CORACLE_DATA and CORACLE_RUN to folders that you can write.',
  },
  STATE_LOCKED: {
    meaning: 'Another process of ours has been at work on the same thing for too long.',
    causes: ['a command that waits for a container that does not stop'],
    hint: 'Look at what the process named above is doing; end it if it hangs.',
    httpStatus: 409,
  },
  STATE_RECORD_INVALID: {
    meaning: 'A record on disk cannot be read as what it should be.',
    causes: ['edited by hand', 'written by a newer version', 'a damaged disk'],
    hint: 'Move the named file away; the next command rebuilds what it can.',
  },
});
