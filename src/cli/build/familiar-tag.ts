import { isAppError } from '../../core/index.ts';
import { formatFamiliar, parseReference, withDefaultTag } from '../../image/index.ts';

/** A name of an image in its one spelling, for comparison; what is no name stays as it is. */
export function familiarTag(name: string): string {
  try {
    return formatFamiliar(withDefaultTag(parseReference(name)));
  } catch (error) {
    if (isAppError(error, 'IMAGE_REFERENCE_INVALID')) return name;
    throw error;
  }
}
