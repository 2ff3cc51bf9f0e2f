# SPDX-License-Identifier: MIT
ts-src += $(addprefix config/,config.c keys.c lexer.c parser.c pool.c sets.c)
