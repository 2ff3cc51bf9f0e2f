# SPDX-License-Identifier: MIT
hv-objs += domain/table.o domain/create.o domain/reference.o domain/pause.o domain/kill.o \
	   domain/shutdown.o domain/vcpu_info.o
