import { defineGroup } from '../command-group.ts';
import { imageCommands } from './image-commands.ts';

/** `coracle image COMMAND`. */
export const imageCommand = defineGroup('image', 'Manage images', imageCommands);
