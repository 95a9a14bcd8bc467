import { errorTable } from './entry.ts';

export const cliErrorCodes = errorTable({
  CLI_FLAG_UNKNOWN: {
    meaning: 'A flag that the command does not have.',
    causes: ['a typo', 'a flag of another command, or a global flag after the command'],
    hint: 'See the flags with --help.',
  },
  CLI_COMMAND_UNKNOWN: {
    meaning: 'There is no such command.',
    causes: ['a typo'],
    hint: 'See the commands with --help.',
  },
  CLI_USAGE: {
    meaning: 'An argument is missing, superfluous, or not of the form that the command takes.',
    causes: ['a typo', 'two flags that exclude each other'],
    hint: 'See the usage with --help.',
  },
  CLI_TEMPLATE: {
    meaning:
      'The template given with --format cannot be parsed, or names a field that there is not.',
    causes: [
      'a missing }}',
      'a field of another listing',
      'a method of Docker that we do not have',
    ],
    hint: 'See the fields with --format json.',
  },
  CLI_FILE_MISSING: {
    meaning: 'No compose file was found or the named one does not exist.',
    causes: ['another folder', 'a typo after -f'],
    hint: 'Go to the folder that holds compose.yaml, or name the file with -f.',
  },
  CLI_INTERRUPTED: {
    meaning: 'The user ended the command before it was done.',
    causes: ['Ctrl-C'],
    hint: 'What was done is kept; run the command again to finish it.',
    exitCode: 130,
  },
  CLI_NO_SYSTEMD: {
    meaning: 'A unit for the boot was to be installed where systemd does not run.',
    causes: ['another init', 'a container or a chroot: its root can be named with --root'],
    hint: 'Let the init run `coracle system start` at boot and `coracle system stop` at shutdown.',
  },
  CLI_SYSTEMCTL_FAILED: {
    meaning: 'systemd refused what it was asked for.',
    causes: ['a unit of that name that is masked', 'a container that cannot be started'],
    hint: 'See systemctl status coracle.service.',
  },
  CLI_NOT_ROOT: {
    meaning: 'The command needs rights that the user does not have.',
    causes: ['not run as root'],
    hint: 'Run it with sudo.',
  },
});
