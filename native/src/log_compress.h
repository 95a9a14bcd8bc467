/* Old files of a log, compressed by a child of the shim.
 *
 * The result is an ordinary gzip file (zcat reads it) of many members, each at most a mebibyte of
 * whole lines and with its own length in an extra field "CL", so that a reader finds the last lines
 * without unpacking the rest:
 *
 *   "CL", 16 bytes: member's bytes uint32, its bytes unpacked uint32, inode of the plain file
 * uint64; little-endian
 */
#ifndef COR_LOG_COMPRESS_H
#define COR_LOG_COMPRESS_H

#include <sys/types.h>

/* Compresses path.2, path.3, … up to path.LAST, which are plain, to path.N.gz in a child; 0 where
 * there is none or no process for it. The newest old file stays plain: followers are still in it.
 */
pid_t cor_log_compress(const char *path, int last);

#endif
