import { AppError, isAppError } from '../../core/index.ts';
import type { Engine } from '../../engine/index.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { inspectFormatFlag, printInspected } from '../listing/index.ts';

interface InspectFlags {
  readonly format?: string;
  readonly type?: ObjectType;
}

type ObjectType = 'container' | 'image' | 'network' | 'volume';

/** In the order in which a name is looked for, which is Docker's. */
const inspectors: Readonly<Record<ObjectType, (engine: Engine, name: string) => Promise<unknown>>> =
  {
    container: (engine, name) => engine.getContainer(name).inspect(),
    image: (engine, name) => engine.getImage(name).inspect(),
    network: (engine, name) => engine.getNetwork(name).inspect(),
    volume: (engine, name) => engine.getVolume(name).inspect(),
  };

export const inspectCommand = defineCommand<InspectFlags>({
  name: 'inspect',
  positional: 'NAME|ID [NAME|ID...]',
  summary: 'Return low-level information on containers, images, networks and volumes',
  flags: [
    inspectFormatFlag,
    {
      flags: '--type <type>',
      description: 'Only return objects of the given type',
      choices: Object.keys(inspectors),
    },
  ],
  examples: [
    "coracle inspect --format '{{.State.Status}}' web",
    "coracle inspect -f '{{range .Mounts}}{{.Source}} {{end}}' web",
  ],
  run: (context, names, { format, type }) =>
    inspectAll(context, names, format, type === undefined ? undefined : [type]),
});

/** `inspect` below a group: `coracle volume inspect`. */
export function inspectOf(type: ObjectType) {
  const what = type.toUpperCase();
  return defineCommand<{ readonly format?: string }>({
    name: 'inspect',
    positional: `${what} [${what}...]`,
    summary: `Display detailed information on one or more ${type}s`,
    flags: [inspectFormatFlag],
    examples: [`coracle ${type} inspect -f '{{json .}}' NAME`],
    run: (context, names, { format }) => inspectAll(context, names, format, [type]),
  });
}

/** Prints what is found; what is missing is told afterwards, as Docker does. */
async function inspectAll(
  context: CommandContext,
  names: readonly string[],
  format: string | undefined,
  types: readonly ObjectType[] = ['container', 'image', 'network', 'volume'],
): Promise<number> {
  if (names.length === 0) throw new AppError('CLI_USAGE', 'inspect needs a name or an id');
  const engine = await context.engine();
  const found: unknown[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const object = await findObject(engine, name, types);
    if (object === undefined) missing.push(name);
    else found.push(object);
  }
  context.out(await printInspected(found, format));
  if (missing.length === 0) return 0;
  const what = types.length === 1 ? types[0] : 'object';
  throw new AppError('ENGINE_OBJECT_NOT_FOUND', `no such ${what}: ${missing.join(', ')}`);
}

async function findObject(
  engine: Engine,
  name: string,
  types: readonly ObjectType[],
): Promise<unknown> {
  for (const type of types) {
    try {
      return await inspectors[type](engine, name);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return undefined;
}

/** An image's name may also be one that no reference can have, as a volume's with capitals. */
function isNotFound(error: unknown): boolean {
  return (
    isAppError(error) && (error.statusCode === 404 || error.code === 'IMAGE_REFERENCE_INVALID')
  );
}
