# SPDX-License-Identifier: MIT
hv-objs += hypercall/memory_op.o hypercall/memory_op_reservation.o \
	   hypercall/memory_op_exchange.o hypercall/memory_op_query.o \
	   hypercall/memory_op_map.o hypercall/memory_op_resource.o
