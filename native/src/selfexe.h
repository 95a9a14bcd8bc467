/* Keeps the program's own file out of containers' hands (CVE-2019-5736). */
#ifndef COR_SELFEXE_H
#define COR_SELFEXE_H

#include "err.h"

/* Runs the program again from a read-only mount of its file, unless it runs from one already;
 * returns 0 in that case. To be called by every process that starts containers' processes, first
 * thing, while it has one thread and nothing open that close-on-exec would lose. Call it with
 * main's arguments kept by cor_selfexe_remember. */
int cor_selfexe_protect(struct cor_err *err);
void cor_selfexe_remember(char **argv);

#endif
