import { errorTable } from './entry.ts';

export const volumeErrorCodes = errorTable({});
