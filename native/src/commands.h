/* The parts that coracle-runtime's first argument can choose; main.c holds the table. */
#ifndef COR_COMMANDS_H
#define COR_COMMANDS_H

/* Each gets argv from its own name on (argv[0] is "create") and returns the exit status. */
int cor_cmd_create(int argc, char **argv);
int cor_cmd_start(int argc, char **argv);
int cor_cmd_state(int argc, char **argv);
int cor_cmd_kill(int argc, char **argv);
int cor_cmd_pause(int argc, char **argv);
int cor_cmd_resume(int argc, char **argv);
int cor_cmd_delete(int argc, char **argv);
int cor_cmd_run(int argc, char **argv);
int cor_cmd_exec(int argc, char **argv);
int cor_cmd_update(int argc, char **argv);
int cor_cmd_ps(int argc, char **argv);
int cor_cmd_events(int argc, char **argv);
int cor_cmd_list(int argc, char **argv);
int cor_cmd_spec(int argc, char **argv);
int cor_cmd_features(int argc, char **argv);

/* exec of a container of the engine: `exec --run DIR --dir DIR …` (PROTOCOL.md, "exec").
 * cor_cmd_exec hands over where it sees --run. */
int cor_cmd_exec_engine(int argc, char **argv);
int cor_cmd_client(int argc, char **argv);
int cor_cmd_untar(int argc, char **argv);
int cor_cmd_seed(int argc, char **argv);
int cor_cmd_archive(int argc, char **argv);
int cor_cmd_probe(int argc, char **argv);
int cor_cmd_watch(int argc, char **argv);
int cor_cmd_tree_list(int argc, char **argv);
int cor_cmd_tree_apply(int argc, char **argv);
int cor_cmd_layer_tar(int argc, char **argv);

#endif
