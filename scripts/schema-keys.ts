/** What of `schema/compose.schema.json` the keys can be found by. */
export interface SchemaNode {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, SchemaNode>>;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode | boolean>>;
  readonly items?: SchemaNode;
}

/**
 * Every key of a compose file with the way to it, `*` for names that the user chooses and for the items of lists; a key comes
 * before those below it, and keys of one mapping in the schema's order.
 */
export function* keyPaths(schema: SchemaNode): Generator<readonly string[]> {
  const below = function* (
    node: SchemaNode | boolean,
    path: readonly string[],
  ): Generator<readonly string[]> {
    if (typeof node === 'boolean') return;
    const name = node.$ref?.slice('#/$defs/'.length);
    const {
      properties = {},
      patternProperties = {},
      items,
    } = (name === undefined ? node : schema.$defs?.[name]) ?? {};
    for (const [key, value] of Object.entries(properties)) {
      yield [...path, key];
      yield* below(value, [...path, key]);
    }
    for (const value of Object.values(patternProperties)) yield* below(value, [...path, '*']);
    if (items !== undefined) yield* below(items, [...path, '*']);
  };
  yield* below(schema, []);
}
