import type { ProgressEvent } from '../../compose/execute/index.ts';
import type { LayerProgress } from '../../image/index.ts';

/** What happens to a layer, as the progress display takes it. */
export function layerEvent(
  { layer, status, current, total }: LayerProgress,
  atMs: number,
): ProgressEvent {
  return {
    resource: { kind: 'Layer', name: layer },
    state: /complete|exists|Pushed|Mounted/.test(status) ? 'done' : 'working',
    text: status,
    atMs,
    ...(current === undefined || total === undefined ? {} : { bytes: { current, total } }),
  };
}
