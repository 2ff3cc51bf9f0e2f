# SPDX-License-Identifier: MIT
ts-src += dump/core.c dump/elf.c dump/p2m.c dump/view.c
