import { errorTable } from './entry.ts';

export const cliErrorCodes = errorTable({});
