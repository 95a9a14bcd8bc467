import { posix } from 'node:path';
import { excludePatterns } from '../context/path-patterns.ts';
import type { TreeEntry, TreeOperation } from '../native/tree.ts';

/** What a COPY makes of the entries of its sources. */
export interface CopyPlan {
  /** Absolute; a slash at the end says that it is a folder. */
  readonly target: string;
  /** The path of a source is kept below the target. */
  readonly parents: boolean;
  /** By source, with `parents`: components that are left out. */
  readonly skip: readonly number[];
  readonly exclude: readonly string[];
  readonly chmod: ((mode: number, isDirectory: boolean) => number) | undefined;
  /** Index of the owner; undefined: the source's own. */
  readonly owner: number | undefined;
  /** Index of the root. */
  readonly root: number;
  readonly xattrs: boolean;
}

/** A source as it is to be listed, and how many of its components `--parents` leaves out: those before `/./`. */
export function splitPivot(source: string): { readonly path: string; readonly skip: number } {
  const clean = source.replace(/^\/+/, '');
  const pivot = clean.indexOf('/./');
  const before = pivot < 0 ? '' : clean.slice(0, pivot);
  return {
    path: clean,
    skip: before.split('/').filter((part) => part !== '' && part !== '.').length,
  };
}

/** Entries without what `--exclude` names: below a copied folder, or a copied file by its name. */
export function withoutExcluded(
  entries: readonly TreeEntry[],
  patterns: readonly string[],
): readonly TreeEntry[] {
  if (patterns.length === 0) return entries;
  const excluded = excludePatterns(patterns, 'BUILD_DOCKERFILE_INVALID');
  return entries.filter(({ path, top, type }) => {
    const name = path !== '' ? path : type === 'dir' ? '' : posix.basename(top);
    return name === '' || !excluded.matches(name);
  });
}

/** The operations of one COPY, parents before what is in them. */
export function copyOperations(entries: readonly TreeEntry[], plan: CopyPlan): TreeOperation[] {
  const tops = new Map<string, number>();
  const topOf = ({ request, top }: TreeEntry) => `${request} ${top}`;
  for (const entry of entries) if (!tops.has(topOf(entry))) tops.set(topOf(entry), tops.size);
  const isFolder = plan.target.endsWith('/') || tops.size > 1 || plan.parents;
  const target = plan.target === '/' ? '' : plan.target.replace(/\/$/, '');
  const made = new Set<string>();
  return entries.flatMap((entry) => {
    const kept = entry.top.split('/').slice(plan.skip[entry.request] ?? 0);
    const base = plan.parents ? `${target}/${kept.join('/')}` : target;
    const before = plan.parents ? parentFolders(target, kept.slice(0, -1), made, plan) : [];
    return [
      ...before,
      operation(entry, { ...plan, base, isFolder, group: tops.get(topOf(entry)) ?? 0 }),
    ];
  });
}

function operation(
  entry: TreeEntry,
  plan: CopyPlan & { readonly base: string; readonly isFolder: boolean; readonly group: number },
): TreeOperation {
  const { path, top, type, mode } = entry;
  const from = entry.from ?? `/${path === '' ? top : `${top}/${path}`}`;
  const isDirectory = type === 'dir';
  const common = {
    root: plan.root,
    from,
    ...(plan.owner === undefined ? {} : { owner: plan.owner }),
    ...(plan.chmod === undefined || type === 'link' ? {} : { mode: plan.chmod(mode, isDirectory) }),
    ...(plan.xattrs ? { xattrs: 1 as const } : {}),
    ...(plan.group === 0 ? {} : { group: plan.group }),
  };
  if (isDirectory) {
    const to = path === '' ? plan.base || '/' : `${plan.base}/${path}`;
    return {
      op: 'dir',
      to,
      ...common,
      ...(path === '' && !plan.parents ? { top: 1 as const } : {}),
    };
  }
  const op = type === 'file' ? 'file' : type === 'link' ? 'link' : 'special';
  if (path !== '' || plan.parents) {
    return { op, to: path === '' ? plan.base : `${plan.base}/${path}`, ...common };
  }
  const name = posix.basename(top);
  if (plan.isFolder) return { op, to: `${plan.base}/${name}`, ...common };
  return { op, to: plan.base, ...common, ...(op === 'file' ? { into: name } : {}) };
}

function parentFolders(
  target: string,
  parts: readonly string[],
  made: Set<string>,
  plan: CopyPlan,
): TreeOperation[] {
  return parts.flatMap((_, index): TreeOperation[] => {
    const to = `${target}/${parts.slice(0, index + 1).join('/')}`;
    if (made.has(to)) return [];
    made.add(to);
    return [
      { op: 'mkdir', to, mode: 0o755, ...(plan.owner === undefined ? {} : { owner: plan.owner }) },
    ];
  });
}
