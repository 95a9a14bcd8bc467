/* A long-lived child of Node that tells of changes below folders (PROTOCOL.md, "watch").
 *
 * Node says which folders are watched, so that what its rules ignore is never entered; this side
 * keeps the kernel's watches, knows when a save is over, and finds out what has changed when the
 * kernel has lost count of it (IN_Q_OVERFLOW).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "commands.h"
#include "fd.h"
#include "loop.h"
#include "protocol.h"
#include "sbuf.h"
#include "watch_store.h"

enum {
  /* A file that is written bit by bit and not closed yet: told when its writer pauses this long, */
  WRITING_MS = 100,
  /* and at the latest after this. */
  WRITING_MAX_MS = 500,
  /* A new name whose content is about to come; a hard link is complete already. */
  CREATED_MS = 30,
  FRAME_BYTES = 256 * 1024
};

#define MASK                                                                                       \
  (IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |  \
   IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK)

/* A change that is not told yet. */
struct pending {
  char *path;
  int64_t first_ms, due_ms;
  bool written; /* told even if the fingerprint is the same */
};

struct watch {
  struct cor_loop loop;
  struct cor_source input, events, output;
  struct cor_frames frames;
  struct cor_watch_store store;
  struct cor_timer timer;
  void *pending; /* of tsearch(3), by path */
  size_t pending_count;
};

static struct watch self;

static void send(const struct cor_sbuf *body) {
  if (body->failed || cor_frame_write(STDOUT_FILENO, body->data, body->len) < 0)
    self.loop.end = true;
}

static void send_failure(const char *op, const char *path, int errno_, const char *message) {
  struct cor_err err = {0};
  char json[2048];
  cor_sbuf_auto text = {0};
  cor_fail(&err, errno_, op, path, "%s", message);
  cor_err_json(&err, json, sizeof(json));
  cor_sbuf_str(&text, "{\"op\":\"failed\",\"folder\":");
  cor_sbuf_json_str(&text, path);
  cor_sbuf_fmt(&text, ",\"error\":%s}", json);
  send(&text);
}

/* "/" and its children without a double slash. */
static int join(char path[PATH_MAX], const char *folder, const char *name) {
  int size = snprintf(path, PATH_MAX, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
  return size < PATH_MAX ? 0 : -1;
}

static int compare_pending(const void *a, const void *b) {
  const struct pending *one = a, *two = b;
  return strcmp(one->path, two->path);
}

/* `delay_ms` 0: told as soon as the events that are there have been read. */
static void note(const struct cor_watch_folder *folder, const char *name, int delay_ms,
                 bool written) {
  char path[PATH_MAX];
  if (join(path, folder->path, name) < 0)
    return;
  int64_t now = cor_now_ms();
  struct pending key = {.path = path}, **found = tfind(&key, &self.pending, compare_pending);
  struct pending *one = found ? *found : NULL;
  if (!one) {
    one = calloc(1, sizeof(*one));
    if (!one || !(one->path = strdup(path)) || !tsearch(one, &self.pending, compare_pending))
      abort();
    one->first_ms = now;
    self.pending_count++;
  }
  one->due_ms = now + delay_ms;
  if (one->due_ms > one->first_ms + WRITING_MAX_MS)
    one->due_ms = one->first_ms + WRITING_MAX_MS;
  one->written = one->written || written;
}

static void tell_found(const struct cor_watch_folder *folder, const char *name) {
  cor_sbuf_auto text = {0};
  cor_sbuf_str(&text, "{\"op\":\"found\",\"folder\":");
  cor_sbuf_json_str(&text, folder->path);
  cor_sbuf_str(&text, ",\"name\":");
  cor_sbuf_json_str(&text, name);
  cor_sbuf_str(&text, "}");
  send(&text);
}

/* Looks at one entry; with `report` a change is one to tell. */
static void look(struct cor_watch_folder *folder, int dirfd, const char *name, bool report,
                 struct cor_sbuf *folders) {
  bool is_folder;
  uint64_t print = cor_watch_print(dirfd, name, &is_folder);
  if (print != 0 && !cor_watch_tellable(name)) {
    send_failure("watch", folder->path, EILSEQ, "the name of a file in it is not UTF-8");
    return;
  }
  if (cor_watch_note(folder, name, print) && report)
    note(folder, name, 0, true);
  if (!is_folder)
    return;
  char path[PATH_MAX];
  if (folders) {
    if (folders->len)
      cor_sbuf_str(folders, ",");
    cor_sbuf_json_str(folders, name);
  } else if (join(path, folder->path, name) == 0 && !cor_watch_by_path(&self.store, path)) {
    tell_found(folder, name);
  }
}

/* All entries of a folder; the names of its folders go to `folders`, or, where that is NULL, those
 * that are not watched are told as found. */
static int scan(struct cor_watch_folder *folder, bool report, struct cor_sbuf *folders) {
  int fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return -1;
  if (folder->only) {
    for (char **name = folder->only; *name; name++)
      look(folder, fd, *name, report, folders);
    close(fd);
    return 0;
  }
  DIR *dir = fdopendir(fd);
  if (!dir) {
    close(fd);
    return -1;
  }
  const struct dirent *entry;
  errno = 0;
  while ((entry = readdir(dir)) != NULL)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      look(folder, fd, entry->d_name, report, folders);
  int result = errno == 0 ? 0 : -1;
  closedir(dir);
  return result;
}

/* A folder that went away between its mention and now is no failure: its end has an event of its
 * own. */
static void add_failed(const char *path, int errno_) {
  const char *message = errno_ == ENOSPC                        ? "no inotify watch is left"
                        : errno_ == ENOENT || errno_ == ENOTDIR ? "it is not there any more"
                                                                : "cannot watch it";
  send_failure("inotify_add_watch", path, errno_, message);
}

static char **names_of(struct json_object *array) {
  if (!array)
    return NULL;
  size_t count = json_object_array_length(array);
  char **names = calloc(count + 1, sizeof(*names));
  for (size_t i = 0; names && i < count; i++)
    if (!(names[i] = strdup(json_object_get_string(json_object_array_get_idx(array, i)))))
      abort();
  if (!names)
    abort();
  return names;
}

/* The watch comes before the look, so that nothing happens unseen in between. */
static void add_folder(const char *path, struct json_object *only, bool report,
                       struct cor_sbuf *answer) {
  struct cor_watch_folder *known = cor_watch_by_path(&self.store, path);
  int wd = inotify_add_watch(self.events.fd, path, MASK);
  if (wd < 0) {
    add_failed(path, errno);
    return;
  }
  if (known && known->wd >= 0 && known->wd != wd)
    inotify_rm_watch(self.events.fd, known->wd);
  if (known)
    cor_watch_remove(&self.store, known);
  struct cor_watch_folder *folder = cor_watch_add(&self.store, path, wd, names_of(only));
  if (!folder)
    abort();
  cor_sbuf_auto folders = {0};
  if (scan(folder, report, &folders) < 0) {
    int why = errno;
    inotify_rm_watch(self.events.fd, wd);
    cor_watch_remove(&self.store, folder);
    add_failed(path, why);
    return;
  }
  cor_sbuf_str(answer, answer->len ? ",{\"folder\":" : "{\"op\":\"added\",\"added\":[{\"folder\":");
  cor_sbuf_json_str(answer, path);
  cor_sbuf_fmt(answer, ",\"entries\":%zu,\"folders\":[%s]}", folder->count,
               folders.data ? folders.data : "");
}

static void send_added(struct cor_sbuf *answer) {
  if (answer->len == 0)
    return;
  cor_sbuf_str(answer, "]}");
  send(answer);
  cor_sbuf_free(answer);
  *answer = (struct cor_sbuf){0};
}

/* Tells what is due and arms the timer for the rest. */
static void tell_due(struct cor_timer *timer);

static const struct cor_client_op add_op = {.name = "add",
                                            .fields = {{"folders", 'a'}, {"report", 'b'}}};
static const struct cor_client_op add_only_op = {
    .name = "add", .fields = {{"folders", 'a'}, {"report", 'b'}, {"only", 'a'}}};

static void take_request(const char *body, size_t size) {
  struct cor_err err = {0};
  struct json_tokener *tokener = json_tokener_new();
  struct json_object *request = tokener ? json_tokener_parse_ex(tokener, body, (int)size) : NULL,
                     *folders, *only = NULL;
  json_tokener_free(tokener);
  const char *op = request ? cor_client_string(request, "op") : NULL;
  json_object_object_get_ex(request, "only", &only);
  if (!op || strcmp(op, "add") != 0 ||
      cor_client_check(only ? &add_only_op : &add_op, request, &err) < 0) {
    fprintf(stderr, "not a request: %.*s\n", (int)(size > 200 ? 200 : size), body);
    self.loop.end = true;
    json_object_put(request);
    return;
  }
  bool report = cor_client_flag(request, "report");
  cor_sbuf_auto answer = {0};
  json_object_object_get_ex(request, "folders", &folders);
  for (size_t i = 0; i < json_object_array_length(folders); i++) {
    add_folder(json_object_get_string(json_object_array_get_idx(folders, i)), only, report,
               &answer);
    if (answer.len > FRAME_BYTES)
      send_added(&answer);
  }
  send_added(&answer);
  json_object_put(request);
  tell_due(&self.timer);
}

static void input_ready(struct cor_source *source, uint32_t events) {
  const char *body;
  size_t size;
  (void)events;
  if (cor_frames_read(&self.frames, source->fd) <= 0) {
    self.loop.end = true;
    return;
  }
  int found;
  while (!self.loop.end && (found = cor_frames_next(&self.frames, &body, &size)) != 0) {
    if (found < 0) {
      fprintf(stderr, "a frame is longer than %d bytes\n", COR_FRAME_MAX);
      self.loop.end = true;
    } else {
      take_request(body, size);
    }
  }
}

/* A folder that was moved away keeps its watches, under paths that are not its own any more. No
 * event tells that what was in it is gone, too. */
static void forget_below(const char *path) {
  size_t count;
  struct cor_watch_folder **below = cor_watch_below(&self.store, path, &count);
  for (size_t i = 0; i < count; i++) {
    for (size_t at = 0; at < below[i]->count; at++)
      note(below[i], below[i]->entries[at].name, 0, true);
    if (below[i]->wd >= 0)
      inotify_rm_watch(self.events.fd, below[i]->wd);
    cor_watch_remove(&self.store, below[i]);
  }
  free(below);
}

/* The kernel has dropped events. Watches may have moved with their folders meanwhile: all are made
 * anew, by path, and every folder is looked at again. */
static void rescan(void) {
  static const char told[] = "{\"op\":\"overflow\"}";
  if (cor_frame_write(STDOUT_FILENO, told, sizeof(told) - 1) < 0)
    self.loop.end = true;
  size_t count;
  struct cor_watch_folder **all = cor_watch_below(&self.store, "", &count);
  cor_loop_remove(&self.loop, &self.events);
  close(self.events.fd);
  self.events.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (self.events.fd < 0 || cor_loop_add(&self.loop, &self.events, EPOLLIN) < 0) {
    fprintf(stderr, "cannot watch again: %s\n", strerror(errno));
    self.loop.end = true;
    free(all);
    return;
  }
  for (size_t i = 0; i < count; i++)
    cor_watch_set_wd(&self.store, all[i], -1);
  for (size_t i = 0; i < count; i++) {
    int wd = inotify_add_watch(self.events.fd, all[i]->path, MASK);
    if (wd < 0) {
      if (errno != ENOENT && errno != ENOTDIR)
        add_failed(all[i]->path, errno);
      cor_watch_remove(&self.store, all[i]);
      continue;
    }
    cor_watch_set_wd(&self.store, all[i], wd);
    /* Entries that are gone are found by asking for each that was known. */
    int fd = open(all[i]->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    for (size_t at = all[i]->count; fd >= 0 && at > 0; at--) {
      bool is_folder;
      char name[NAME_MAX + 1];
      snprintf(name, sizeof(name), "%s", all[i]->entries[at - 1].name);
      if (cor_watch_print(fd, name, &is_folder) == 0 && cor_watch_note(all[i], name, 0))
        note(all[i], name, 0, true);
    }
    if (fd >= 0)
      close(fd);
    scan(all[i], true, NULL);
  }
  free(all);
}

static void take_event(const struct inotify_event *event) {
  struct cor_watch_folder *folder = cor_watch_by_wd(&self.store, event->wd);
  if (!folder)
    return;
  if (event->mask & IN_IGNORED) {
    cor_watch_remove(&self.store, folder);
    return;
  }
  if (event->len == 0 || !cor_watch_concerns(folder, event->name))
    return;
  if (!cor_watch_tellable(event->name)) {
    send_failure("watch", folder->path, EILSEQ, "the name of a file in it is not UTF-8");
    return;
  }
  if (event->mask & IN_ISDIR) {
    char path[PATH_MAX];
    if (event->mask & IN_MOVED_FROM && join(path, folder->path, event->name) == 0)
      forget_below(path);
    if (event->mask & (IN_CREATE | IN_MOVED_TO))
      tell_found(folder, event->name);
    note(folder, event->name, 0, !(event->mask & IN_ATTRIB));
    return;
  }
  if (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM))
    note(folder, event->name, 0, true);
  else if (event->mask & IN_MODIFY)
    note(folder, event->name, WRITING_MS, true);
  else if (event->mask & IN_CREATE)
    note(folder, event->name, CREATED_MS, true);
  else
    note(folder, event->name, 0, false);
}

static void events_ready(struct cor_source *source, uint32_t ready) {
  _Alignas(struct inotify_event) char buffer[65536];
  bool overflow = false;
  ssize_t size;
  (void)ready;
  while ((size = read(source->fd, buffer, sizeof(buffer))) > 0)
    for (char *at = buffer; at < buffer + size;) {
      const struct inotify_event *event = (const void *)at;
      at += sizeof(*event) + event->len;
      if (event->mask & IN_Q_OVERFLOW)
        overflow = true;
      else
        take_event(event);
    }
  if (overflow)
    rescan();
  tell_due(&self.timer);
}

struct due {
  int64_t now, next;
  struct pending **list;
  size_t count;
};

static void collect_due(const void *node, VISIT visit, void *data) {
  struct due *due = data;
  struct pending *one = *(struct pending *const *)node;
  if (visit != postorder && visit != leaf)
    return;
  if (one->due_ms <= due->now)
    due->list[due->count++] = one;
  else if (due->next == 0 || one->due_ms < due->next)
    due->next = one->due_ms;
}

/* True where the path is to be told: what was written always, else what looks different. */
static bool is_news(const struct pending *one) {
  char dir[PATH_MAX];
  bool is_folder;
  snprintf(dir, sizeof(dir), "%s", one->path);
  char *slash = strrchr(dir, '/');
  uint64_t print = cor_watch_print(AT_FDCWD, one->path, &is_folder);
  const char *name = one->path + (slash - dir) + 1;
  slash[slash == dir] = '\0';
  struct cor_watch_folder *folder = cor_watch_by_path(&self.store, dir);
  return (folder && cor_watch_note(folder, name, print)) || one->written;
}

static void tell_due(struct cor_timer *timer) {
  struct due due = {.now = cor_now_ms()};
  timer->at_ms = 0;
  if (self.pending_count == 0)
    return;
  due.list = calloc(self.pending_count, sizeof(*due.list));
  if (!due.list)
    abort();
  twalk_r(self.pending, collect_due, &due);
  cor_sbuf_auto text = {0};
  for (size_t i = 0; i < due.count; i++) {
    struct pending *one = due.list[i];
    tdelete(one, &self.pending, compare_pending);
    self.pending_count--;
    if (is_news(one)) {
      cor_sbuf_str(&text, text.len ? "," : "{\"op\":\"changed\",\"paths\":[");
      cor_sbuf_json_str(&text, one->path);
    }
    free(one->path);
    free(one);
    if (text.len > FRAME_BYTES || (i + 1 == due.count && text.len > 0)) {
      cor_sbuf_str(&text, "]}");
      send(&text);
      cor_sbuf_free(&text);
      text = (struct cor_sbuf){0};
    }
  }
  free(due.list);
  if (due.next != 0)
    timer->at_ms = due.next;
}

static void output_ready(struct cor_source *source, uint32_t events) {
  (void)source;
  (void)events;
  self.loop.end = true;
}

int cor_cmd_watch(int argc, char **argv) {
  (void)argv;
  if (argc > 1) {
    fprintf(stderr, "usage: coracle-runtime watch < frames > frames\n");
    return 2;
  }
  cor_stage("watch");
  prctl(PR_SET_NAME, "coracle-watch");
  signal(SIGPIPE, SIG_IGN);
  signal(SIGINT, SIG_IGN); /* the terminal's; Node decides when the watch ends */
  int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) {
    send_failure("inotify_init1", "", errno,
                 errno == EMFILE ? "no inotify instance is left" : "cannot watch");
    return 1;
  }
  self.input = (struct cor_source){STDIN_FILENO, input_ready};
  self.output = (struct cor_source){STDOUT_FILENO, output_ready};
  self.events = (struct cor_source){fd, events_ready};
  if (cor_loop_open(&self.loop) < 0 || cor_loop_add(&self.loop, &self.input, EPOLLIN) < 0 ||
      cor_loop_add(&self.loop, &self.events, EPOLLIN) < 0) {
    fprintf(stderr, "cannot wait for events: %s\n", strerror(errno));
    return 1;
  }
  cor_loop_add(&self.loop, &self.output, 0); /* EPOLLERR alone: Node is gone */
  cor_loop_timer(&self.loop, &self.timer, tell_due);
  cor_loop_run(&self.loop);
  return 0;
}
