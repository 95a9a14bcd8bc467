import { errorTable } from './entry.ts';

export const composeErrorCodes = errorTable({});
