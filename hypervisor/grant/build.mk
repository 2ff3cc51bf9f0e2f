# SPDX-License-Identifier: MIT
hv-objs += grant/table.o grant/entry.o grant/maptrack.o grant/map.o grant/unmap.o \
	   grant/copy.o grant/query.o grant/dump.o
