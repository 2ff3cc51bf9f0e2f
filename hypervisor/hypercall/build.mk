# SPDX-License-Identifier: MIT
hv-objs += hypercall/table.o hypercall/dispatch.o hypercall/restart.o hypercall/multicall.o \
	   hypercall/xen_version.o hypercall/console_io.o hypercall/vm_assist.o \
	   hypercall/nmi_op.o hypercall/compat_ops.o hypercall/grant_table_op.o \
	   hypercall/trace.o hypercall/trace_pointed.o

# Hypercalls whose dispatch has more to it, each a file of its own.
include $(filter-out hypervisor/hypercall/build.mk,$(wildcard hypervisor/hypercall/*.mk))
