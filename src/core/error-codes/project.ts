import { errorTable } from './entry.ts';

/** What goes wrong while a plan is made or run; the file's own mistakes are in `compose.ts`. */
export const projectErrorCodes = errorTable({
  PROJECT_SERVICE_UNKNOWN: {
    meaning: 'A command names a service that the project does not have.',
    causes: ['a typo', 'a service of another project or profile'],
    hint: 'See the services with `compose config --services`, or the running ones with `compose ps --services`.',
  },
  PROJECT_SERVICE_NOT_RUNNING: {
    meaning: 'A command needs a running container of a service and there is none.',
    causes: ['the project is not up', 'the container has exited'],
    hint: 'Start it with `compose up -d`, or see why it ended with `compose logs`.',
  },
  PROJECT_NO_CONTAINERS: {
    meaning: 'A command needs containers of the project and there are none.',
    causes: ['the project is not up', 'another project name'],
    hint: 'Start it with `compose up -d`; see all projects with `compose ls -a`.',
  },
  PROJECT_IMAGE_MISSING: {
    meaning: 'A service names an image that is not in the local store.',
    causes: ['not imported yet', 'a typo in the name or tag'],
    hint: 'Bring it in with `coracle image load`, `coracle image import` or `coracle image bootstrap`; see what is there with `coracle image ls`.',
  },
  PROJECT_BIND_SOURCE_MISSING: {
    meaning: 'A bind mount names a host path that does not exist and is not to be created.',
    causes: ['a typo', 'another folder than the one the file was written for'],
    hint: 'Create it, mend the path, or ask for `bind: { create_host_path: true }`.',
  },
  PROJECT_FILE_MISSING: {
    meaning: 'A config or secret names a file that does not exist.',
    causes: ['a typo', 'a file that is generated and has not been yet'],
    hint: "Create the file or mend the path; it starts from the compose file's folder.",
  },
  PROJECT_DEPENDENCY_FAILED: {
    meaning: 'A service that others depend on did not reach the condition that they ask for.',
    causes: ['it exited', 'its healthcheck fails', 'it has no healthcheck at all'],
    hint: 'Read its last lines above, or all of them with `compose logs`; the dependants were not started.',
  },
  PROJECT_HOOK_FAILED: {
    meaning: 'A command of `post_start` ended with an error.',
    causes: ['the command is not in the image', 'the service was not ready for it yet'],
    hint: 'Read its output above; what depends on the service was not started.',
  },
  PROJECT_PLAN_INVALID: {
    meaning: 'The file given to --plan-file is not a plan that this version wrote.',
    causes: ['another file', 'one that was edited', 'a plan of another version'],
    hint: 'Write it again with `compose plan --out FILE`.',
  },
  PROJECT_PLAN_STALE: {
    meaning: 'A stored plan is no longer what would be done now, so nothing was done.',
    causes: ['the compose file was edited since', 'containers were changed or removed since'],
    hint: 'Make a new plan with `compose plan --out FILE`, look at it, and run that one.',
  },
  PROJECT_COMMAND_FAILED: {
    meaning: 'A method of a stack came to what on the command line is an exit code other than 0.',
    causes: ['a container that has ended with an error right after its start'],
    hint: 'See what was said through `onOutput`, and the containers’ logs.',
  },
  PROJECT_CONTAINER_EXITED: {
    meaning: 'A container ended with an error as soon as it had been started.',
    causes: ['a wrong command', 'a missing setting', 'a file that is not there'],
    hint: 'Read its last lines above; `compose logs` has all of them.',
  },
  PROJECT_WAIT_TIMEOUT: {
    meaning: 'Services did not become ready within --wait-timeout.',
    causes: ['a slow start', 'a healthcheck that never succeeds'],
    hint: 'See what they do with `compose ps` and `compose logs`, or give more time.',
  },
  PROJECT_OPERATIONS_FAILED: {
    meaning: 'Several steps of one command failed.',
    causes: ['each is listed with its own reason'],
    hint: 'Mend the causes above and run the command again; what succeeded is kept.',
  },
  PROJECT_BUSY: {
    meaning: 'Another command works on the same project.',
    causes: ['a second terminal', 'a script in the background'],
    hint: 'Wait for it to end, or end it.',
  },
  PROJECT_CONTAINER_NAME_REPLICAS: {
    meaning: 'A service with container_name is to have more than one replica.',
    causes: ['--scale', 'scale or deploy.replicas beside container_name'],
    hint: 'Take container_name out, or keep one replica.',
  },
  PROJECT_NETWORK_MISSING: {
    meaning: 'An external network that the file names does not exist.',
    causes: ['it was never created', 'another name'],
    hint: 'Create it, or take `external: true` out so that it is created with the project.',
  },
  PROJECT_VOLUME_MISSING: {
    meaning: 'An external volume that the file names does not exist.',
    causes: ['it was never created', 'another name'],
    hint: 'Create it, or take `external: true` out so that it is created with the project.',
  },
  PROJECT_PORT_NOT_PUBLISHED: {
    meaning: 'The asked container port is not published.',
    causes: ['no `ports:` entry for it', 'another protocol', 'the container is not running'],
    hint: 'See the published ports with `compose ps`.',
  },
  PROJECT_NOT_SUPPORTED: {
    meaning: 'The file asks for something that this version cannot run.',
    causes: ['a key or value that is not supported yet'],
    hint: 'Take the named key out; docs/compose-support.md lists what runs.',
  },
});
