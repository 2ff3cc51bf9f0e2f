# SPDX-License-Identifier: MIT
# Interrupt controllers, clocks, ACPI and processor start.
hv-objs += x86/pagetable.o x86/acpi.o x86/acpi_tables.o x86/apic.o x86/apic_timer.o \
	   x86/ioapic.o x86/irq.o x86/msi.o x86/pci.o x86/smpboot.o x86/trampoline.o x86/clock.o x86/clock_hpet.o \
	   x86/clock_pit.o x86/clock_pmtimer.o x86/tsc.o x86/tsc_sync.o x86/rtc.o x86/reboot.o
