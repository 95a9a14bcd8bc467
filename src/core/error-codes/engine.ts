import { errorTable } from './entry.ts';

export const engineErrorCodes = errorTable({});
