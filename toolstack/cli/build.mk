# SPDX-License-Identifier: MIT
ts-src += $(addprefix cli/,console.c create.c create_words.c domains.c help.c lifecycle.c \
	list.c options.c report.c run.c verbs.c wait.c)
