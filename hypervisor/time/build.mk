# SPDX-License-Identifier: MIT
hv-objs += time/timer.o time/wallclock.o time/vcpu_timer.o
