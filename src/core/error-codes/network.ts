import { errorTable } from './entry.ts';

export const networkErrorCodes = errorTable({});
