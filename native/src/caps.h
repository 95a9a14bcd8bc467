/* Capabilities by name and number, and putting on the five sets. */
#ifndef COR_CAPS_H
#define COR_CAPS_H

#include <stdint.h>

#include "err.h"
#include "spec.h"

/* "CAP_CHOWN" → 0; -1 where there is no such capability. */
int cor_cap_number(const char *name);
/* 0 → "CAP_CHOWN"; NULL above the last one. */
const char *cor_cap_name(int number);
/* The sets cut down to what the running kernel knows. */
struct cor_caps cor_caps_known(const struct cor_caps *caps);

/* First half, while still root: the bounding set, and keeping the permitted set over the change of
 * user. */
int cor_caps_before_user(const struct cor_caps *caps, struct cor_err *err);
/* Second half, as the user: permitted, effective, inheritable and ambient. */
int cor_caps_after_user(const struct cor_caps *caps, struct cor_err *err);

#endif
