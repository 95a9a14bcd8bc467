import { resolve } from 'node:path';
import { type CachePlace, type CacheTarget, csvFields } from '../../build/index.ts';
import { AppError } from '../../core/index.ts';

/** Attributes that ask for what is done anyway. */
const asItIs: Readonly<Record<string, string>> = {
  'oci-mediatypes': 'true',
  'image-manifest': 'true',
  compression: 'gzip',
};

/** `registry.example.com/app:cache`, `type=registry,ref=…`, `type=local,src=DIR[,tag=…]`. @throws {AppError} `BUILD_UNSUPPORTED` */
export function parseCacheFrom(text: string, cwd: string): CachePlace {
  const fields = fieldsOf(text);
  const place = placeOf(text, fields, 'src', cwd);
  rejectRest(text, fields);
  return place;
}

/** `type=registry,ref=…[,mode=max]`, `type=local,dest=DIR[,tag=…]`; `ignore-error=true`. @throws {AppError} `BUILD_UNSUPPORTED` */
export function parseCacheTo(text: string, cwd: string): CacheTarget {
  const fields = fieldsOf(text);
  const mode = take(fields, 'mode') ?? 'min';
  const ignoreError = take(fields, 'ignore-error') === 'true';
  const place = placeOf(text, fields, 'dest', cwd);
  rejectRest(text, fields);
  if (mode === 'min' || mode === 'max') return { place, mode, ignoreError };
  throw unsupported(text, `mode "${mode}" is neither min nor max`);
}

/** A name alone is one in a registry. */
function fieldsOf(text: string): Map<string, string> {
  if (!text.includes('=')) {
    return new Map([
      ['type', 'registry'],
      ['ref', text],
    ]);
  }
  return new Map(
    csvFields(text).map((field): [string, string] => {
      const equals = field.indexOf('=');
      return equals < 0 ? [field, ''] : [field.slice(0, equals), field.slice(equals + 1)];
    }),
  );
}

function placeOf(
  text: string,
  fields: Map<string, string>,
  pathKey: 'src' | 'dest',
  cwd: string,
): CachePlace {
  const type = take(fields, 'type') ?? '';
  if (type === 'registry') {
    const reference = take(fields, 'ref');
    if (reference) return { kind: 'registry', reference };
    throw unsupported(text, 'it has no ref=NAME');
  }
  if (type === 'local') {
    const path = take(fields, pathKey);
    const tag = take(fields, 'tag') ?? 'latest';
    if (path) return { kind: 'folder', path: resolve(cwd, path), tag };
    throw unsupported(text, `it has no ${pathKey}=FOLDER`);
  }
  throw unsupported(text, `caches of type "${type}" are not supported`);
}

function rejectRest(text: string, fields: ReadonlyMap<string, string>): void {
  for (const [key, value] of fields) {
    if (asItIs[key] !== value) throw unsupported(text, `"${key}=${value}" is not supported`);
  }
}

function take(fields: Map<string, string>, key: string): string | undefined {
  const value = fields.get(key);
  fields.delete(key);
  return value;
}

function unsupported(text: string, why: string): AppError {
  return new AppError('BUILD_UNSUPPORTED', `cache "${text}": ${why}`, {
    hint: 'Caches are type=registry,ref=NAME or type=local with a folder; mode=max keeps all stages.',
  });
}
