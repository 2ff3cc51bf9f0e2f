# SPDX-License-Identifier: MIT
hv-objs += mm/heap.o mm/hv_pages.o mm/slab.o
