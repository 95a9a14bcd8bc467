import { type CanonicalConfig, isKnownForm } from './canonical-config.ts';
import { configLabel } from './labels.ts';

/**
 * The configuration that a container was made from; `undefined` where another tool made it or its label
 * is of a newer form than we know.
 */
export function readConfigLabel(
  labels: Readonly<Record<string, string>>,
): CanonicalConfig | undefined {
  const text = labels[configLabel];
  if (text === undefined) return undefined;
  try {
    const config = JSON.parse(text) as CanonicalConfig;
    return isKnownForm(config.version) ? config : undefined;
  } catch (error) {
    // Anyone may write a label; one that is no JSON tells as little as none.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
