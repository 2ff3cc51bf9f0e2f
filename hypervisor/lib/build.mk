# SPDX-License-Identifier: MIT
hv-objs += lib/memory.o lib/string.o lib/printf.o lib/parse.o lib/pqueue.o
