# SPDX-License-Identifier: MIT
ts-src += $(addprefix cli/,complete.c console.c cores.c create.c create_words.c \
	domains.c dump.c help.c inspect.c lifecycle.c list.c machine.c options.c progress.c report.c run.c \
	sched.c shutdown.c top.c trace.c uptime.c vcpus.c verbs.c wait.c)
