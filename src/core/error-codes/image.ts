import { errorTable } from './entry.ts';

export const imageErrorCodes = errorTable({});
