import type { BuildShared } from './graph/build-run.ts';

/** Lets so many works run at once; others wait for their turn. */
export function limiter(most: number): BuildShared['limit'] {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
