import { compilePatterns, type PatternStep, stepInto, stepIntoItem } from '../path-pattern.ts';
import { type MapNode, type Node, scalarAt, setChild, stringOf } from '../yaml/node.ts';
import { setDefault } from './canonical.ts';

type Default = (map: MapNode) => void;

/** Values that hold where a file says nothing and that do not depend on the rest of the project. */
const defaults = compilePatterns<Default>({
  'services.*.build': (build) => setDefault(build, 'context', '.'),
  'services.*.secrets.*': (secret) =>
    setDefault(
      secret,
      'target',
      `/run/secrets/${stringOf(secret.entries.get('source')?.value) ?? ''}`,
    ),
  'services.*.ports.*': (port) => {
    setDefault(port, 'protocol', 'tcp');
    setDefault(port, 'mode', 'ingress');
  },
  'services.*.deploy.resources.reservations.devices.*': allDevices,
  'services.*.gpus.*': allDevices,
});

function allDevices(request: MapNode): void {
  if (!request.entries.has('count') && !request.entries.has('device_ids')) {
    setChild(request, 'count', scalarAt(request, 'all'));
  }
}

/** Fills in what a canonical tree leaves out, in place. */
export function setDefaults(node: Node, step: PatternStep<Default> | undefined = defaults): void {
  if (step === undefined) {
    return;
  }
  if (step.rule !== undefined) {
    if (node.kind === 'map') {
      step.rule(node);
    }
    return;
  }
  if (node.kind === 'map') {
    for (const [key, entry] of node.entries) {
      setDefaults(entry.value, stepInto(step, key));
    }
  } else if (node.kind === 'seq') {
    for (const item of node.items) {
      setDefaults(item, stepIntoItem(step));
    }
  }
}
