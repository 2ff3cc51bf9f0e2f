# SPDX-License-Identifier: MIT
ts-src += trace/reader.c trace/decode.c trace/call.c trace/names.c trace/shapes.c \
	  trace/kinds.c
