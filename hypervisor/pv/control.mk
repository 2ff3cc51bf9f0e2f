# SPDX-License-Identifier: MIT
hv-objs += pv/io_ports.o
