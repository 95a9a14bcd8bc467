import { errorTable } from './entry.ts';

export const imageErrorCodes = errorTable({
  IMAGE_REFERENCE_INVALID: {
    meaning: 'An image name is not written as image names are.',
    causes: [
      'an upper-case letter in the repository',
      'a space or an empty tag',
      'an unset variable',
    ],
    hint: 'Write [registry/]repository[:tag][@digest], the repository in lower case.',
    httpStatus: 400,
  },
  IMAGE_NOT_FOUND: {
    meaning: 'No image of this name or id is in the store.',
    causes: [
      'not imported, loaded or built yet',
      'a misspelled name or tag',
      'another data folder',
    ],
    hint: 'See what there is with `coracle image ls`; add one with `coracle image import` or `coracle image load`.',
    httpStatus: 404,
  },
  IMAGE_ID_AMBIGUOUS: {
    meaning: 'An id prefix fits several images.',
    causes: ['too short a prefix'],
    hint: 'Give more digits of the id.',
    httpStatus: 400,
  },
  IMAGE_FILTER_UNKNOWN: {
    meaning: 'Images cannot be filtered by this key.',
    causes: ['a misspelled filter', 'a filter of Docker that is not supported'],
    hint: 'Use label, reference or dangling.',
    exitCode: 2,
    httpStatus: 400,
  },
  IMAGE_IN_USE: {
    meaning: 'An image cannot be removed while something refers to it.',
    causes: ['a container was made from it, running or not', 'it has several names'],
    hint: 'Remove the containers or the other names first, or force it.',
    httpStatus: 409,
  },
  IMAGE_CONTENT_DAMAGED: {
    meaning: 'Content of the image store does not have the digest under which it is stored.',
    causes: ['a damaged disk', 'a file of the store was edited'],
    hint: 'Run `coracle system fsck`, then pull, load or build the image again.',
  },
  IMAGE_LAYER_MISSING: {
    meaning: 'A layer of an image is not unpacked.',
    causes: ['the layers folder was emptied by hand', 'a restored backup without layers'],
    hint: 'Run `coracle system fsck`: it unpacks what is missing, or says what to bring again.',
  },
  IMAGE_STORE_LOCKED: {
    meaning: 'Another process has held the image store for too long.',
    causes: ['a very long removal', 'a stopped (Ctrl-Z) command'],
    hint: 'Wait for the process that the message names, or end it.',
    httpStatus: 409,
  },
  IMAGE_STORE_INVALID: {
    meaning: 'The image store is no OCI image layout that this version reads.',
    causes: ['another program wrote into it', 'a newer version wrote it'],
    hint: 'Move the named file away and load the images again.',
  },
  IMAGE_ARCHIVE_INVALID: {
    meaning: 'A file is not the image archive that it should be.',
    causes: ['a download that broke off', 'no tar archive', 'an archive made to escape its folder'],
    hint: 'Check the file with `tar -tvf`, or make it again.',
    httpStatus: 400,
  },
  IMAGE_ARCHIVE_UNREADABLE: {
    meaning: 'The archive to import or load cannot be opened.',
    causes: ['a misspelled path', 'no permission'],
    hint: 'Check the path; `-` reads standard input.',
    httpStatus: 400,
  },
  IMAGE_UNPACK_FAILED: {
    meaning: 'A layer could not be written to disk.',
    causes: ['a full disk', 'not root', 'a file system without extended attributes or devices'],
    hint: 'Look at the named file and error; free space with `coracle image rm`.',
  },
  IMAGE_PLATFORM_UNSUPPORTED: {
    meaning: 'An image is made for another machine.',
    causes: ['an image of another processor architecture or operating system'],
    hint: 'Load an image for linux and the architecture of this machine.',
  },
  IMAGE_CHANGE_INVALID: {
    meaning: 'An instruction given with `--change` cannot be applied.',
    causes: ['not one of the instructions that set image configuration', 'a syntax error in it'],
    hint: 'Use CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR, as in a Dockerfile.',
    exitCode: 2,
    httpStatus: 400,
  },
  IMAGE_BOOTSTRAP_TOOL_MISSING: {
    meaning: 'The program that makes base images from distribution packages is not installed.',
    causes: ['mmdebstrap is not installed'],
    hint: 'Install it: apt-get install mmdebstrap',
  },
  IMAGE_BOOTSTRAP_UNSUPPORTED: {
    meaning: 'A base image of this distribution or release cannot be made on this machine.',
    causes: [
      'neither Debian nor Ubuntu',
      "the machine's own package sources do not have that release",
    ],
    hint: "Ask for a release that the machine's own /etc/apt sources name.",
    httpStatus: 400,
  },
  IMAGE_BOOTSTRAP_FAILED: {
    meaning: 'mmdebstrap ended with an error.',
    causes: [
      'a package that does not exist',
      'the package servers cannot be reached',
      'a full disk',
    ],
    hint: 'Read the last lines of its output above the message.',
  },
});
