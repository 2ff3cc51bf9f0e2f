# SPDX-License-Identifier: MIT
ts-src += digest/blake2b.c
