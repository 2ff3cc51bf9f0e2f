# SPDX-License-Identifier: MIT
hv-objs += evtchn/port.o evtchn/bind.o evtchn/close.o evtchn/send.o evtchn/virq.o \
	   evtchn/pirq.o evtchn/status.o evtchn/dump.o
