import { errorTable } from './entry.ts';

export const runtimeErrorCodes = errorTable({});
