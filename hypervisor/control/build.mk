# SPDX-License-Identifier: MIT
hv-objs += control/create.o control/life.o control/info.o control/vcpu.o control/context.o \
	   control/affinity.o control/memory.o control/misc.o control/permission.o \
	   control/policy.o control/featureset.o control/bitmap.o control/sysinfo.o \
	   control/topology.o control/cpupool.o control/platform.o control/physdev.o \
	   control/physdev_msi.o control/pci.o control/trace.o
