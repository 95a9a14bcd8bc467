/** Cuts a text to at most `width` characters, the last one an ellipsis where something was cut. */
export function truncateText(text: string, width: number): string {
  if (text.length <= width) return text;
  return width <= 1 ? text.slice(0, Math.max(0, width)) : `${text.slice(0, width - 1)}…`;
}
