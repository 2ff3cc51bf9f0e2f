# SPDX-License-Identifier: MIT
ts-src += $(addprefix build/,image.c open.c notes.c guest_string.c verdict.c layout.c memory.c \
	tables.c domain.c)
