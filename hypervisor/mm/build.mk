# SPDX-License-Identifier: MIT
hv-objs += mm/heap.o mm/hv_pages.o mm/slab.o mm/vmap.o mm/ram.o mm/owner.o mm/frame_set.o \
	   mm/page_ref.o mm/m2p.o mm/domain_pages.o mm/exchange.o mm/mem_part.o
include hypervisor/mm/types.mk
