import type { Service } from '../../model/index.ts';

type Bindings = Record<string, { HostIp: string; HostPort: string }[]>;

/** `ports` as `HostConfig.PortBindings`; an absent published port lets the engine choose one. */
export function translatePortBindings(service: Service): Bindings {
  const bindings: Bindings = {};
  for (const { target, protocol, host_ip, published } of service.ports ?? []) {
    const key = `${target}/${protocol ?? 'tcp'}`;
    bindings[key] ??= [];
    bindings[key].push({ HostIp: host_ip ?? '', HostPort: published ?? '' });
  }
  return bindings;
}

/** `ports` and `expose` together as `ExposedPorts`. Ranges in `expose` are written out. */
export function translateExposedPorts(service: Service): Record<string, Record<string, never>> {
  const exposed: Record<string, Record<string, never>> = {};
  for (const { target, protocol } of service.ports ?? []) {
    exposed[`${target}/${protocol ?? 'tcp'}`] = {};
  }
  for (const entry of service.expose ?? []) {
    const [range = '', protocol = 'tcp'] = entry.split('/');
    const [first = '', last = first] = range.split('-');
    for (let port = Number(first); port <= Number(last); port += 1) {
      exposed[`${port}/${protocol}`] = {};
    }
  }
  return exposed;
}
