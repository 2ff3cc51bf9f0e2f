# SPDX-License-Identifier: MIT
hv-objs += x86/ioapic_guest.o
