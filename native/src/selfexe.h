/* Keeps the program's own file out of containers' hands (CVE-2019-5736). */
#ifndef COR_SELFEXE_H
#define COR_SELFEXE_H

#include "err.h"

/* Runs the program again, with main's arguments, from a read-only mount of its file, unless it runs
 * from one already; returns 0 in that case. First thing in every process that starts containers'
 * processes, while it has one thread and nothing open that close-on-exec would lose. */
int cor_selfexe_protect(char **argv, struct cor_err *err);

#endif
