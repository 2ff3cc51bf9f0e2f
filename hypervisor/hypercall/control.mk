# SPDX-License-Identifier: MIT
hv-objs += hypercall/domctl.o hypercall/sysctl.o hypercall/platform_op.o
