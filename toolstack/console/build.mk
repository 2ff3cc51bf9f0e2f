# SPDX-License-Identifier: MIT
ts-src += console/daemon.c console/ring.c console/scrollback.c console/viewer.c
