/* Frames between Node and the client (PROTOCOL.md): little-endian uint32 length, then JSON. */
#ifndef COR_PROTOCOL_H
#define COR_PROTOCOL_H

#include <stddef.h>
#include <sys/types.h>

#define COR_FRAME_MAX (1024 * 1024)

/* Bytes received and not yet taken. */
struct cor_frames {
  char *data;
  size_t start, len, cap;
};

/* One read(2). Returns the number of bytes, 0 at the end of file, -1 with errno (ENOMEM too). */
ssize_t cor_frames_read(struct cor_frames *frames, int fd);
/* Takes the next whole frame: 1 with *body (valid until the next read), 0 where none is complete,
 * -1 where the sender breaks the limit. */
int cor_frames_next(struct cor_frames *frames, const char **body, size_t *size);
void cor_frames_free(struct cor_frames *frames);

/* Returns 0, or -1 with errno (EMSGSIZE above the limit). */
int cor_frame_write(int fd, const char *body, size_t size);

#endif
