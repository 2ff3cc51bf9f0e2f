# SPDX-License-Identifier: MIT
hv-objs += sched/core.o sched/runq.o sched/wake.o sched/poll.o sched/balance.o sched/affinity.o \
	   sched/runstate.o sched/fair.o sched/watchdog.o sched/cap.o sched/part.o
