/** One failure as the generated validator reports it. */
export interface SchemaError {
  /** JSON pointer to the value: `/services/web/ports/0`. */
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** JSON pointer into the schema. */
  readonly schemaPath: string;
}

/** The validator that `scripts/generate.ts` makes from the schema. */
export interface SchemaValidator {
  (value: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}
