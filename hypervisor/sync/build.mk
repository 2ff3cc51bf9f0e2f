# SPDX-License-Identifier: MIT
hv-objs += sync/softirq.o sync/spinlock.o sync/rwlock.o sync/smp_call.o sync/tlb.o
ifdef DEBUG
hv-objs += sync/lock_check.o
endif
