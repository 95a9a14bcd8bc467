/* The first content of a new named volume: what the image has at the path where it will be mounted.
 */
#ifndef COR_SEED_H
#define COR_SEED_H

#include "err.h"

/* Copies the image's folder `path` into `target`, the volume's _data folder, with owners, modes,
 * times, attributes, links and devices, and gives `target` the owner and mode of that folder.
 * `lower` are the image's layers, topmost first, NULL-terminated. Links in `path` are resolved
 * inside the image.
 *
 * Nothing happens where the image has no such folder, or `target` already holds something. Forks
 * and waits; the overlay that merges the layers is mounted in the child's own mount namespace only.
 */
int cor_volume_seed(const char *const *lower, const char *path, const char *target,
                    struct cor_err *err);

#endif
