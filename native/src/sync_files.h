/* Files of the host into a running container: what is at some paths of a folder is made so below
 * another one, whatever it was before. */
#ifndef COR_SYNC_FILES_H
#define COR_SYNC_FILES_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "sbuf.h"

struct cor_sync {
  int source; /* folder of the host */
  int target; /* folder of the container */
  uid_t uid;  /* whom new files belong to */
  gid_t gid;
  bool compare;      /* leave alone what has the same content, whatever its time */
  int64_t since_ns;  /* pass over files that have not changed after it; 0: none */
  char dir[4096];    /* of the two below: the folder of the last path */
  int source_parent; /* -1: source_errno says why */
  int source_errno;
  int target_parent; /* -1: not looked up, or not there */
  char *buffer, *other;
};

enum cor_sync_result { COR_SYNC_UNCHANGED, COR_SYNC_WRITTEN, COR_SYNC_REMOVED };

/* `source` and `target` become the structure's. */
int cor_sync_open(struct cor_sync *sync, int source, int target, struct cor_err *err);
void cor_sync_close(struct cor_sync *sync);

/* Makes `as` in the target what `path` is in the source: the same file, link or folder, or nothing.
 * The two differ in a rule about one file only. A folder's content is not looked at, except to
 * remove it. Returns a cor_sync_result, or -1. */
int cor_sync_path(struct cor_sync *sync, const char *path, const char *as, struct cor_err *err);

/* The client's operation "files.sync" (PROTOCOL.md). */
int cor_files_sync(struct json_object *request, struct cor_sbuf *answer, struct cor_err *err);

#endif
