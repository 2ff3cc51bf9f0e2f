# SPDX-License-Identifier: MIT
hv-objs += pv/bounce.o pv/short_ways.o pv/iret.o pv/traps.o pv/trace.o pv/decode.o pv/segment_read.o
hv-objs += pv/emulate.o pv/emulate_io.o pv/emulate_cr.o pv/debugreg.o pv/msr.o pv/cpuid.o
hv-objs += pv/cpu_policy.o pv/cpu_policy_leaves.o
hv-objs += pv/context.o pv/descriptor.o pv/callbacks.o pv/time_area.o pv/hypercall_page.o
hv-objs += pv/domain.o pv/vcpu_context.o pv/physdev.o
hv-objs += pv/elf_image.o pv/build_memory.o pv/build_tables.o pv/build_domain0.o
include $(wildcard hypervisor/pv/mmu.mk hypervisor/pv/control.mk)
