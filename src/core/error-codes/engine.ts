import { errorTable } from './entry.ts';

export const engineErrorCodes = errorTable({
  ENGINE_CONTAINER_NOT_FOUND: {
    meaning: 'No container has this name, id or start of an id.',
    causes: ['it was removed', 'a typing error', 'another data folder (CORACLE_DATA)'],
    hint: 'List the containers there are with `coracle ps -a`.',
    httpStatus: 404,
  },
  ENGINE_OBJECT_NOT_FOUND: {
    meaning: 'No container, image, network or volume has this name or id.',
    causes: ['it was removed', 'a typing error', 'another data folder (CORACLE_DATA)'],
    hint: 'List what there is with `coracle ps -a`, `coracle image ls`, `coracle volume ls`.',
    httpStatus: 404,
  },
  ENGINE_CONTAINER_AMBIGUOUS: {
    meaning: 'Several containers have an id that starts like this.',
    causes: ['too few digits of the id'],
    hint: 'Give more digits of the id, or the name.',
    httpStatus: 400,
  },
  ENGINE_NAME_CONFLICT: {
    meaning: 'Another container has this name.',
    causes: ['a container of an earlier run', 'two commands at work on one project at once'],
    hint: 'Remove or rename the container named above, or choose another name.',
    httpStatus: 409,
  },
  ENGINE_DOCKER_REFUSED: {
    meaning: 'The Docker Engine that --engine names has refused a request; the words are its own.',
    causes: ['what Docker says', 'an image that it does not have'],
    hint: 'Mend what Docker names; `docker` commands against the same engine show more.',
  },
  ENGINE_DOCKER_UNREACHABLE: {
    meaning: 'No Docker Engine answers at the address given to --engine.',
    causes: ['it does not run', 'another socket', 'no right to open the socket'],
    hint: 'Look whether `docker -H ADDRESS version` answers.',
  },
  ENGINE_DOCKER_UNSUPPORTED: {
    meaning: 'The command needs what only our own engine has.',
    causes: ['--engine with a command that Docker serves otherwise'],
    hint: 'Use `docker` for it, or leave --engine out.',
  },
  ENGINE_CREATE_OPTION_INVALID: {
    meaning: 'A create option has a value that no container can have.',
    causes: ['a typing error in a path, a port, a signal or a variable'],
    hint: 'Correct the value named above.',
    httpStatus: 400,
  },
  ENGINE_CREATE_OPTION_UNSUPPORTED: {
    meaning: 'A create option is known to Docker Engine but has no effect here.',
    causes: ['a feature of Windows, of swarm or of a Docker plugin'],
    hint: 'Leave the option named above out.',
    httpStatus: 400,
  },
  ENGINE_RUNTIME_UNKNOWN: {
    meaning: 'The container is to run under an OCI runtime that is not known or not installed.',
    causes: ['a typing error in `runtime`', 'a runtime that only Docker on another machine knows'],
    hint: 'Install the runtime, or leave `runtime` out.',
    httpStatus: 400,
  },
  ENGINE_PLATFORM_MISMATCH: {
    meaning: 'The image of this name is for another platform than the one asked for.',
    causes: ['`platform` names an architecture that was not pulled'],
    hint: 'Leave `platform` out, or get the image for the platform.',
    httpStatus: 404,
  },
  ENGINE_BIND_SOURCE_MISSING: {
    meaning: 'The source of a bind mount does not exist.',
    causes: ['a typing error', 'a path relative to another folder than intended'],
    hint: 'Create it, or ask for `bind: { create_host_path: true }`.',
    httpStatus: 400,
  },
  ENGINE_CONTAINER_NOT_RUNNING: {
    meaning: 'The operation needs a running container.',
    causes: ['it was never started', 'its process has ended'],
    hint: 'Start it; its log and its exit code say why it ended.',
    httpStatus: 409,
  },
  ENGINE_CONTAINER_RUNNING: {
    meaning: 'The operation needs a container that does not run.',
    causes: ['it was not stopped first'],
    hint: 'Stop it first, or remove it with force.',
    httpStatus: 409,
  },
  ENGINE_CONTAINER_PAUSED: {
    meaning: 'The container is paused.',
    causes: ['it was paused before'],
    hint: 'Unpause it first.',
    httpStatus: 409,
  },
  ENGINE_CONTAINER_NOT_PAUSED: {
    meaning: 'The container is not paused.',
    causes: ['it was unpaused already'],
    hint: 'Look at its state with `coracle ps`.',
    httpStatus: 409,
  },
  ENGINE_START_FAILED: {
    meaning: 'A container could not be started.',
    causes: ['its command, user or a mount is not what the image holds', 'a limit of the kernel'],
    hint: 'The message names the step that failed and what it was done to.',
    exitCode: 125,
    httpStatus: 500,
  },
  ENGINE_FILTER_INVALID: {
    meaning: 'A filter is unknown or has a value that it cannot have.',
    causes: ['a typing error'],
    hint: 'Use one of the filters that the message names.',
    httpStatus: 400,
  },
  ENGINE_SIGNAL_INVALID: {
    meaning: 'A signal is named that does not exist.',
    causes: ['a typing error'],
    hint: 'Use a name such as SIGTERM, or a number from 1 to 64.',
    httpStatus: 400,
  },
  ENGINE_NETWORK_MODE_UNUSABLE: {
    meaning: 'A network mode cannot be had as it was asked for.',
    causes: [
      'the container whose network is to be shared does not run',
      'ports published in a mode that shares a network',
    ],
    hint: 'Start the container whose network is shared first, and publish ports there.',
    httpStatus: 409,
  },
  ENGINE_PATH_NOT_FOUND: {
    meaning: 'A path to copy from or to does not exist.',
    causes: ['a typing error', 'the folder to copy into was not made', 'a path of /proc or /sys'],
    hint: 'Look what is in the folder above it.',
    httpStatus: 404,
  },
  ENGINE_COPY_CONFLICT: {
    meaning: 'A copy would put a folder over a file, or a file over a folder.',
    causes: ['the target is of the other kind'],
    hint: 'Name another target, or remove what is there.',
    httpStatus: 400,
  },
  ENGINE_UPDATE_INVALID: {
    meaning: 'A limit or policy cannot be changed to the value given.',
    causes: ['a value that the kernel refuses', 'limits that contradict each other'],
    hint: 'Correct the value named above; limits that belong together are given together.',
    httpStatus: 400,
  },
});
