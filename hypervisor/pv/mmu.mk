# SPDX-License-Identifier: MIT
# Direct paging: the hypercalls on page tables.
hv-objs += pv/mmu_root.o pv/mmu_walk.o pv/mmu_party.o pv/mmu_batch.o pv/mmu_update.o pv/mmu_va.o \
	   pv/mmu_ext.o pv/mmu_flush.o pv/mmu_grant.o pv/mmu_ptwr.o \
	   pv/mmu_ptwr_decode.o pv/mmu_device.o
