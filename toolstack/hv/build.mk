# SPDX-License-Identifier: MIT
ts-src += hv/err.c hv/direct.c hv/direct_machine.c
