# SPDX-License-Identifier: MIT
hv-objs += trace/ring.o trace/put.o trace/memory.o trace/load.o trace/control.o
