# SPDX-License-Identifier: MIT
hv-objs += rights/part.o rights/iomem.o rights/pirq.o
