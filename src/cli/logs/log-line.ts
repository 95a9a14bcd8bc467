/**
 * What of a container's line may reach a terminal behind a prefix: text, tabs and colours. Everything that moves
 * the cursor, clears, sets titles or talks to the terminal is taken out, as it could overwrite prefixes and
 * other services' lines; a colour that is left open is closed at the line's end.
 */
export function safeLine(line: string): string {
  if (!needsCare.test(line)) return line;
  const text = line.replace(sequences, (sequence) => (colour.test(sequence) ? sequence : ''));
  return colourAnywhere.test(text) ? `${text}\u001b[0m` : text;
}

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const needsCare = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;

/** CSI sequences, OSC and other strings up to their end, two-character escapes, then single controls. */
const sequences =
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[PX^_\]][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?|\u009b[0-?]*[ -/]*[@-~]|[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

const colour = /^\u001b\[[0-9;:]*m$/;
const colourAnywhere = /\u001b\[[0-9;:]*m/;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
