# SPDX-License-Identifier: MIT
hv-objs += x86/guest_copy.o
