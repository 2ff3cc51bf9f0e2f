# SPDX-License-Identifier: MIT
ts-src += $(addprefix cpuid/,names.c parse.c apply.c)
