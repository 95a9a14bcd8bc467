import { printValue } from './print-value.ts';

const directive = /%([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g;

/** `printf` with Go's verbs `%s %v %d %q %t %x %X %o %b %c %e %f %g %T %%`, their flags, width and precision. */
export function formatDirectives(format: string, values: readonly unknown[]): string {
  let next = 0;
  const text = format.replace(
    directive,
    (_match, flags: string, width: string | undefined, precision: string | undefined, verb) => {
      if (verb === '%') return '%';
      if (next >= values.length) return `%!${verb}(MISSING)`;
      const value = values[next];
      next += 1;
      const body = formatOne(
        verb,
        value,
        flags,
        precision === undefined ? undefined : Number(precision),
      );
      return pad(body, flags, Number(width ?? 0), typeof value === 'number');
    },
  );
  const extra = values.slice(next).map((value) => `${typeof value}=${printValue(value)}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`;
}

function formatOne(
  verb: string,
  value: unknown,
  flags: string,
  precision: number | undefined,
): string {
  const number = typeof value === 'number' ? value : undefined;
  const sign = flags.includes('+') && number !== undefined && number >= 0 ? '+' : '';
  switch (verb) {
    case 'v':
      return printValue(value);
    case 's':
      return typeof value === 'number' || typeof value === 'boolean'
        ? wrongVerb(verb, value)
        : printValue(value).slice(0, precision);
    case 'q':
      return Array.isArray(value)
        ? `[${value.map((item) => JSON.stringify(printValue(item))).join(' ')}]`
        : JSON.stringify(printValue(value));
    case 't':
      return typeof value === 'boolean' ? String(value) : wrongVerb(verb, value);
    case 'd':
      return number === undefined ? wrongVerb(verb, value) : sign + number.toFixed(0);
    case 'x':
    case 'X': {
      const hex =
        number === undefined ? Buffer.from(printValue(value)).toString('hex') : number.toString(16);
      return verb === 'X' ? hex.toUpperCase() : hex;
    }
    case 'o':
      return number === undefined ? wrongVerb(verb, value) : number.toString(8);
    case 'b':
      return number === undefined ? wrongVerb(verb, value) : number.toString(2);
    case 'c':
      return number === undefined ? wrongVerb(verb, value) : String.fromCodePoint(number);
    case 'f':
      return number === undefined ? wrongVerb(verb, value) : sign + number.toFixed(precision ?? 6);
    case 'e':
      return number === undefined ? wrongVerb(verb, value) : number.toExponential(precision ?? 6);
    case 'g':
      return number === undefined ? wrongVerb(verb, value) : String(number);
    case 'T':
      return typeof value;
    default:
      return wrongVerb(verb, value);
  }
}

function wrongVerb(verb: string, value: unknown): string {
  return `%!${verb}(${typeof value}=${printValue(value)})`;
}

function pad(text: string, flags: string, width: number, isNumber: boolean): string {
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0') || !isNumber) return text.padStart(width);
  return text.startsWith('-')
    ? `-${text.slice(1).padStart(width - 1, '0')}`
    : text.padStart(width, '0');
}
