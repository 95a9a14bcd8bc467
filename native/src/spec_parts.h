/* The parsers of config.json's parts, one file each: process, linux, resources, seccomp. */
#ifndef COR_SPEC_PARTS_H
#define COR_SPEC_PARTS_H

#include "spec_json.h"

int cor_parse_process(const struct cor_at *at, struct cor_process *process);
int cor_parse_linux(const struct cor_at *at);
int cor_parse_resources(const struct cor_at *at, struct cor_resources *resources);
int cor_parse_seccomp(const struct cor_at *at, struct cor_seccomp *seccomp);
int cor_parse_idmaps(const struct cor_at *at, const char *key, struct cor_idmaps *maps);

#endif
