/* What an exec'd process and the terminal, or the signals, of its caller have to do with each
 * other. */
#ifndef COR_EXEC_TTY_H
#define COR_EXEC_TTY_H

#include "container.h"
#include "exec_stdio.h"

/* Before the process is started: signals wait until there is somebody to hand them to. */
void cor_exec_block_signals(void);
/* Size of the caller's terminal; 0 where it has none. */
void cor_exec_tty_size(unsigned short *rows, unsigned short *columns);
/* Forwards signals, copies between the caller's terminal or streams and the process's, and returns
 * its exit code. */
int cor_exec_wait(struct cor_child *child, struct cor_exec_stdio *stdio);

#endif
