import { setMaxListeners } from 'node:events';

/** One end for many: as many may listen to it as there are containers, which Node takes for a leak beyond ten. */
export function sharedAbort(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
