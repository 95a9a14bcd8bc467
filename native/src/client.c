/* The long-lived child of a Node process: takes framed requests on stdin, answers on stdout in any
 * order.
 *
 * The loop never waits for an operation: a start is a forked shim and the pipe on which it reports,
 * a control request is a socket to a shim, everything else runs in a forked child with a pipe of
 * its own.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "commands.h"
#include "fd.h"
#include "loop.h"
#include "protocol.h"
#include "sbuf.h"
#include "shim.h"

struct client {
  struct cor_loop loop;
  struct cor_source input, output;
  struct cor_frames frames;
  int jobs; /* requests that are not answered */
  bool input_ended;
};

/* A request whose answer, one line of JSON, comes on a descriptor. */
struct job {
  struct cor_source source;
  struct client *client;
  int64_t id;
  const char *op;
  struct cor_sbuf answer;
};

static void send_answer(struct client *client, int64_t id, const char *body, size_t size) {
  cor_sbuf_auto text = {0};
  /* `body` is an object: its members go behind the id. */
  cor_sbuf_fmt(&text, "{\"id\":%lld,", (long long)id);
  cor_sbuf_add(&text, body + 1, size - 1);
  if (text.failed || cor_frame_write(STDOUT_FILENO, text.data, text.len) < 0)
    client->loop.end = true;
}

static void send_error(struct client *client, int64_t id, const struct cor_err *err) {
  char json[2048];
  cor_sbuf_auto text = {0};
  cor_err_json(err, json, sizeof(json));
  cor_sbuf_fmt(&text, "{\"error\":%s}", json);
  send_answer(client, id, text.data, text.len);
}

static void end_where_done(struct client *client) {
  if (client->input_ended && client->jobs == 0)
    client->loop.end = true;
}

static void finish_job(struct job *job) {
  struct client *client = job->client;
  char *end = job->answer.data ? strchr(job->answer.data, '\n') : NULL;
  if (end && job->answer.data[0] == '{') {
    send_answer(client, job->id, job->answer.data, (size_t)(end - job->answer.data));
  } else {
    struct cor_err err = {0};
    cor_fail(&err, ECONNRESET, job->op, "",
             "the process that worked on it ended without an answer");
    send_error(client, job->id, &err);
  }
  cor_loop_remove(&client->loop, &job->source);
  close(job->source.fd);
  cor_sbuf_free(&job->answer);
  free(job);
  client->jobs--;
  end_where_done(client);
}

static void job_ready(struct cor_source *source, uint32_t events) {
  struct job *job = cor_container_of(source, struct job, source);
  char data[16384];
  (void)events;
  ssize_t n = read(source->fd, data, sizeof(data));
  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  if (n > 0)
    cor_sbuf_add(&job->answer, data, (size_t)n);
  if (n <= 0 || memchr(data, '\n', (size_t)n) || job->answer.len > COR_FRAME_MAX)
    finish_job(job);
}

static int add_job(struct client *client, int64_t id, const char *op, int fd, struct cor_err *err) {
  struct job *job = calloc(1, sizeof(*job));
  if (job) {
    *job = (struct job){.source = {fd, job_ready}, .client = client, .id = id, .op = op};
    if (cor_loop_add(&client->loop, &job->source, EPOLLIN) == 0) {
      client->jobs++;
      return 0;
    }
  }
  free(job);
  close(fd);
  return cor_fail(err, ENOMEM, op, "", "cannot watch the operation");
}

/* Ends the child's part in the client: its descriptors, its buffers, its signal handling. */
static void leave_client(struct client *client) {
  cor_frames_free(&client->frames);
  cor_loop_close(&client->loop);
  signal(SIGCHLD, SIG_DFL);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  close(null);
}

static _Noreturn void run_op(const struct cor_client_op *op, struct json_object *request, int out) {
  struct cor_err err = {0};
  cor_sbuf_auto text = {0};
  cor_sbuf_auto answer = {0};
  cor_stage("client");
  if ((op->ask ? op->ask(request, &answer, &err) : op->run(request, &err)) == 0) {
    cor_sbuf_fmt(&text, "{\"ok\":%s}\n", answer.data ? answer.data : "{}");
  } else {
    char json[2048];
    cor_err_json(&err, json, sizeof(json));
    cor_sbuf_fmt(&text, "{\"error\":%s}\n", json);
  }
  cor_write_full(out, text.data, text.len);
  _exit(0);
}

/* A shim is pid 1 of a pid namespace of its own: when it is killed, the kernel kills everything
 * below it, the container included, whatever users its processes have become meanwhile (the
 * parent-death signal is cleared by the first setuid, and every gosu or su-exec makes one). A
 * container that joins pids which are not below the shim (the host's, another container's) cannot
 * be born from there. */
static pid_t fork_child(bool own_pids) {
  struct clone_args args = {.flags = own_pids ? CLONE_NEWPID : 0, .exit_signal = SIGCHLD};
  pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
  /* A container engine around us may hide clone3. */
  if (pid < 0 && errno == ENOSYS)
    pid = (pid_t)syscall(SYS_clone, args.flags | SIGCHLD, NULL, NULL, NULL, NULL);
  return pid;
}

static int fork_job(struct client *client, int64_t id, const struct cor_client_op *op,
                    struct json_object *request, struct cor_err *err) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    return cor_fail(err, errno, op->name, "", "cannot make a pipe");
  bool is_shim = !op->run && !op->ask;
  pid_t pid = fork_child(is_shim && !cor_client_flag(request, "sharesPids"));
  if (pid == 0) {
    leave_client(client);
    if (!is_shim)
      run_op(op, request, ends[1]);
    char *dir = strdup(cor_client_string(request, "dir")),
         *run = strdup(cor_client_string(request, "run"));
    struct cor_shim_attach attach = {false, false};
    struct json_object *wanted = NULL;
    if (json_object_object_get_ex(request, "attach", &wanted))
      attach = (struct cor_shim_attach){true, cor_client_flag(wanted, "stdin")};
    json_object_put(request);
    cor_shim_main(dir, run, &attach, ends[1]);
  }
  int saved = errno;
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return cor_fail(err, saved, op->name, "", "cannot fork");
  }
  return add_job(client, id, op->name, ends[0], err);
}

static int control(struct client *client, int64_t id, struct json_object *request,
                   struct cor_err *err) {
  struct json_object *inner;
  json_object_object_get_ex(request, "request", &inner);
  int fd = cor_ctl_connect(cor_client_string(request, "run"), err);
  if (fd < 0)
    return -1;
  cor_sbuf_auto line = {0};
  cor_sbuf_fmt(&line, "%s\n", json_object_to_json_string_ext(inner, JSON_C_TO_STRING_PLAIN));
  if (cor_write_full(fd, line.data, line.len) < 0) {
    int saved = errno;
    close(fd);
    return cor_fail(err, saved, "connect", cor_client_string(request, "run"),
                    "cannot send the request to the shim");
  }
  return add_job(client, id, "container.control", fd, err);
}

static int hello(struct client *client, int64_t id, struct json_object *request,
                 struct cor_err *err) {
  struct json_object *version;
  json_object_object_get_ex(request, "version", &version);
  if (json_object_get_int(version) != 1)
    return cor_fail(err, EPROTO, "hello", "", "version %d of the protocol is not spoken here",
                    json_object_get_int(version));
  bool v1 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) != 0;
  char text[128];
  int size =
      snprintf(text, sizeof(text),
               "{\"ok\":{\"version\":1,\"cgroup\":\"%s\",\"features\":[\"pidfd\",\"resolver\"]}}",
               v1 ? "v1" : "v2");
  send_answer(client, id, text, (size_t)size);
  return 0;
}

static int dispatch(struct client *client, int64_t id, struct json_object *request,
                    struct cor_err *err) {
  const char *name = cor_client_string(request, "op");
  const struct cor_client_op *op = name ? cor_client_op(name) : NULL;
  if (!op)
    return cor_fail(err, EINVAL, "request", name ? name : "", "unknown operation");
  if (cor_client_check(op, request, err) < 0)
    return -1;
  if (strcmp(name, "hello") == 0)
    return hello(client, id, request, err);
  if (strcmp(name, "container.control") == 0)
    return control(client, id, request, err);
  return fork_job(client, id, op, request, err);
}

static void take_request(struct client *client, const char *body, size_t size) {
  struct cor_err err = {0};
  struct json_tokener *tokener = json_tokener_new();
  if (tokener)
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
  struct json_object *request = tokener ? json_tokener_parse_ex(tokener, body, (int)size) : NULL,
                     *id = NULL;
  bool whole = tokener && request && json_tokener_get_parse_end(tokener) == size;
  if (tokener)
    json_tokener_free(tokener);
  if (!whole || !json_object_is_type(request, json_type_object) ||
      !json_object_object_get_ex(request, "id", &id) || !json_object_is_type(id, json_type_int)) {
    fprintf(stderr, "request is not a JSON object with an id\n");
    json_object_put(request);
    client->loop.end = true;
    return;
  }
  int64_t number = json_object_get_int64(id);
  if (dispatch(client, number, request, &err) < 0)
    send_error(client, number, &err);
  json_object_put(request);
}

static void input_ready(struct cor_source *source, uint32_t events) {
  struct client *client = cor_container_of(source, struct client, input);
  const char *body;
  size_t size;
  (void)events;
  ssize_t n = cor_frames_read(&client->frames, source->fd);
  if (n <= 0) {
    cor_loop_remove(&client->loop, source);
    client->input_ended = true;
    end_where_done(client);
    return;
  }
  int found;
  while (!client->loop.end && (found = cor_frames_next(&client->frames, &body, &size)) != 0) {
    if (found < 0) {
      fprintf(stderr, "a frame is longer than %d bytes\n", COR_FRAME_MAX);
      client->loop.end = true;
      return;
    }
    take_request(client, body, size);
  }
}

/* Nobody reads the answers any more: Node is gone. */
static void output_ready(struct cor_source *source, uint32_t events) {
  (void)events;
  cor_container_of(source, struct client, output)->loop.end = true;
}

int cor_cmd_client(int argc, char **argv) {
  static struct client client;
  (void)argv;
  if (argc > 1) {
    fprintf(stderr, "usage: coracle-runtime client < frames > frames\n");
    return 2;
  }
  cor_stage("client");
  prctl(PR_SET_NAME, "coracle-client");
  signal(SIGPIPE, SIG_IGN);
  signal(SIGINT, SIG_IGN); /* the terminal's; Node decides when the client ends */
  signal(SIGCHLD, SIG_IGN);
  client.input = (struct cor_source){STDIN_FILENO, input_ready};
  client.output = (struct cor_source){STDOUT_FILENO, output_ready};
  if (cor_loop_open(&client.loop) < 0 || cor_loop_add(&client.loop, &client.input, EPOLLIN) < 0) {
    fprintf(stderr, "cannot watch stdin: %s\n", strerror(errno));
    return 1;
  }
  cor_loop_add(&client.loop, &client.output, 0); /* EPOLLERR alone; a plain file has none */
  cor_loop_run(&client.loop);
  return 0;
}
