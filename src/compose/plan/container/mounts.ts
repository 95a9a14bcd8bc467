import type { FileReference, ServiceMount } from '../../model/index.ts';
import type { ProvidedFiles } from '../provided-files.ts';
import { defined, type Translation } from './translation.ts';

/** An entry of `HostConfig.Mounts` as the wire has it (dockerode's own type lacks fields and demands others). */
export interface WireMount {
  readonly Type: 'bind' | 'volume' | 'tmpfs';
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly BindOptions?: { readonly Propagation?: string; readonly CreateMountpoint?: boolean };
  readonly VolumeOptions?: {
    readonly NoCopy?: boolean;
    readonly Labels?: Readonly<Record<string, string>>;
    readonly Subpath?: string;
  };
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
}

/** An anonymous volume of the container that is replaced, kept for the new one. */
export interface KeptVolume {
  readonly name: string;
  readonly target: string;
}

/** `volumes`, `configs` and `secrets` as mounts. */
export function translateMounts(
  translation: Translation,
  files: ProvidedFiles,
  kept: readonly KeptVolume[],
): WireMount[] {
  const { service } = translation;
  const mounts = (service.volumes ?? []).flatMap((mount, index) => {
    const wire = translateMount(translation, mount, index);
    return wire === undefined ? [] : [wire];
  });
  const taken = new Set(mounts.map(({ Target }) => Target));
  for (const { name, target } of kept) {
    const anonymous = mounts.findIndex(
      ({ Type, Target, Source }) => Type === 'volume' && Target === target && Source === undefined,
    );
    if (anonymous >= 0) mounts.splice(anonymous, 1);
    else if (taken.has(target)) continue;
    mounts.push({ Type: 'volume', Source: name, Target: target });
  }
  return [
    ...mounts,
    ...(service.configs ?? []).map((reference) => fileMount('configs', reference, files)),
    ...(service.secrets ?? []).map((reference) => fileMount('secrets', reference, files)),
  ];
}

function translateMount(
  translation: Translation,
  mount: ServiceMount,
  index: number,
): WireMount | undefined {
  const base = { Target: mount.target, ReadOnly: mount.read_only };
  switch (mount.type) {
    case 'bind':
      return defined({
        Type: 'bind' as const,
        Source: mount.source,
        ...base,
        BindOptions: defined({
          Propagation: mount.bind?.propagation,
          CreateMountpoint: mount.bind?.create_host_path,
        }),
      });
    case 'volume':
      return defined({
        Type: 'volume' as const,
        Source: volumeName(translation, mount.source),
        ...base,
        VolumeOptions: defined({
          NoCopy: mount.volume?.nocopy,
          Labels: mount.volume?.labels,
          Subpath: mount.volume?.subpath,
        }),
      });
    case 'tmpfs':
      return defined({
        Type: 'tmpfs' as const,
        ...base,
        TmpfsOptions: defined({
          SizeBytes: mount.tmpfs?.size === undefined ? undefined : Number(mount.tmpfs.size),
          Mode: mount.tmpfs?.mode,
        }),
      });
    default:
      translation.unsupported(
        ['volumes', String(index), 'type'],
        `mounts of type "${mount.type}" cannot be run yet`,
      );
      return undefined;
  }
}

function volumeName({ project }: Translation, key: string | undefined): string | undefined {
  return key === undefined ? undefined : (project.volumes?.[key]?.name ?? key);
}

function fileMount(
  kind: 'configs' | 'secrets',
  reference: FileReference,
  files: ProvidedFiles,
): WireMount {
  return {
    Type: 'bind',
    Source: files.pathFor(kind, reference),
    Target: targetOf(kind, reference),
    ReadOnly: true,
    BindOptions: { CreateMountpoint: false },
  };
}

function targetOf(kind: 'configs' | 'secrets', { source, target }: FileReference): string {
  const folder = kind === 'secrets' ? '/run/secrets/' : '/';
  const name = target ?? source;
  return name.startsWith('/') ? name : `${folder}${name}`;
}
