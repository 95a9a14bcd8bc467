import type { LayerProgress } from '../../image/index.ts';
import type { CommandContext } from '../context.ts';
import { createRenderer } from '../progress/index.ts';
import { layerEvent } from './layer-event.ts';

/** How one image's layers are shown while they move. */
export interface LayerDisplay {
  readonly show: (progress: LayerProgress) => void;
  readonly close: () => void;
}

/** Live lines on a terminal; elsewhere one line a change of state, as `docker pull` prints it. */
export function layerDisplay(context: CommandContext, quiet: boolean): LayerDisplay {
  if (quiet) return { show: () => undefined, close: () => undefined };
  const { host, options } = context;
  if (!host.stderr.isTTY || options.progress === 'plain') {
    const last = new Map<string, string>();
    return {
      show({ layer, status, current }) {
        if (current !== undefined || last.get(layer) === status) return;
        last.set(layer, status);
        context.out(`${layer}: ${status}\n`);
      },
      close: () => undefined,
    };
  }
  const renderer = createRenderer(options, host);
  const startMs = host.monotonicMs();
  return {
    show: (progress) => renderer.event(layerEvent(progress, host.monotonicMs() - startMs)),
    close: () => renderer.close(),
  };
}
