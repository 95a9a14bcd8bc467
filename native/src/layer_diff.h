/* What a container has changed: its overlay's upper folder against the layers below. */
#ifndef COR_LAYER_DIFF_H
#define COR_LAYER_DIFF_H

#include "container.h"

/* Writes lines "A PATH", "C PATH", "D PATH" to standard output, a folder before what is below it.
 * The path is the container's own choice of bytes, each line ended by a NUL instead of a newline.
 */
int cor_layer_diff(const struct cor_overlay *overlay, struct cor_err *err);

#endif
