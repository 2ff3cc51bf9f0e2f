# SPDX-License-Identifier: MIT
# Traps, descriptor tables, processor set-up, console.
hv-objs += x86/entry.o x86/exception.o x86/idt.o x86/desc.o x86/extable.o x86/msr.o x86/cpu.o x86/fpu.o \
	   x86/nmi.o x86/backtrace.o x86/panic.o x86/serial.o x86/serial_option.o x86/console.o \
	   x86/console_input.o x86/console_ring.o x86/log.o x86/debug_keys.o
