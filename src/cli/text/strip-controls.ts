/**
 * What names, causes and log prefixes must not carry into a terminal: control characters, and with them
 * every escape sequence.
 */
export function stripControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
}
