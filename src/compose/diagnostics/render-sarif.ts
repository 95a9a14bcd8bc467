import { type Diagnostic, type ErrorCode, errorCodes, type SourceRange } from '../../core/index.ts';

/** Findings as a SARIF 2.1.0 log, for editors and code scanning. */
export function renderSarif(
  diagnostics: readonly Diagnostic[],
  { version, uriOf }: { readonly version: string; readonly uriOf: (file: string) => string },
): string {
  const codes = [...new Set(diagnostics.map(({ code }) => code))];
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Coracle', version, rules: codes.map(rule) } },
        columnKind: 'utf16CodeUnits',
        results: diagnostics.map((one) => result(one, codes, uriOf)),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function rule(code: string) {
  const entry = Object.hasOwn(errorCodes, code) ? errorCodes[code as ErrorCode] : undefined;
  return {
    id: code,
    ...(entry === undefined
      ? {}
      : { shortDescription: { text: entry.meaning }, help: { text: entry.hint } }),
  };
}

function result(
  { code, severity, message, range, related = [], hint }: Diagnostic,
  codes: readonly string[],
  uriOf: (file: string) => string,
) {
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: severity,
    message: { text: hint === undefined ? message : `${message}. ${hint}` },
    ...(range === undefined ? {} : { locations: [location(range, uriOf)] }),
    ...(related.length === 0
      ? {}
      : {
          relatedLocations: related.map((one) => ({
            ...location(one.range, uriOf),
            message: { text: one.message },
          })),
        }),
  };
}

function location({ file, start, end }: SourceRange, uriOf: (file: string) => string) {
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file) },
      region: {
        startLine: start.line,
        startColumn: start.column,
        endLine: end.line,
        endColumn: end.column,
      },
    },
  };
}
