# SPDX-License-Identifier: MIT
hv-objs += hypercall/sched_op.o hypercall/vcpu_op.o
