/* SPDX-License-Identifier: MIT */
/*
 * Restarting the machine and turning it off. A restart tries what the firmware names,
 * then what PCs have in common, then a triple fault; `noreboot` stops instead.
 */
#include "platform.h"

#include <hv/cmdline.h>
#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/hooks.h>
#include <hv/lib.h>
#include <abi/errno.h>

#define KBD_COMMAND  0x64
#define KBD_BUSY     0x02
#define KBD_PULSE    0xfe
#define PCI_RESET    0xcf9
#define SLEEP_ENABLE (1u << 13)
#define SLEEP_TYPE   (7u << 10)
#define SCI_ENABLE   (1u << 0)
#define POLLS        1000000 /* reads of a port, about a microsecond each */

static bool opt_noreboot __ro_after_init;
BOOT_OPTION_BOOL("noreboot", opt_noreboot);

/* How to restart: acpi, kbd, pci, triple; the rest of them follow in this order. */
static char opt_reboot[16] __ro_after_init;

static __init int parse_reboot(const char *value)
{
    if (*value && !strchr("akptn", *value))
        return -EINVAL;
    if (*value == 'n')
        opt_noreboot = true;
    return strlcpy(opt_reboot, value, sizeof(opt_reboot)) < sizeof(opt_reboot) ? 0
                                                                               : -EINVAL;
}
BOOT_OPTION_CUSTOM("reboot", parse_reboot);

static void outw(uint16_t port, uint16_t v)
{
    __asm__ volatile("outw %0, %1" ::"a"(v), "Nd"(port));
}

static uint16_t inw(uint16_t port)
{
    uint16_t v;

    __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static bool is_port(struct acpi_address a)
{
    return a.space == 1 && a.address && a.address <= UINT16_MAX;
}

/* What was asked of the hardware takes a moment. */
static void wait_a_moment(void)
{
    for (unsigned int i = 0; i < POLLS; i++)
        (void)inb(KBD_COMMAND);
}

static void restart_by_acpi(void)
{
    if (is_port(machine.reset)) {
        outb((uint16_t)machine.reset.address, machine.reset_value);
        wait_a_moment();
    }
}

static void restart_by_keyboard(void)
{
    for (unsigned int i = 0; i < POLLS && (inb(KBD_COMMAND) & KBD_BUSY); i++)
        cpu_relax();
    outb(KBD_COMMAND, KBD_PULSE);
    wait_a_moment();
}

static void restart_by_pci(void)
{
    outb(PCI_RESET, 0x02);
    outb(PCI_RESET, 0x06);
    wait_a_moment();
}

static noreturn void triple_fault(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __packed none;

    __asm__ volatile("lidt %0; int3" ::"m"(none));
    for (;;)
        __asm__ volatile("hlt");
}

static noreturn void stop(void)
{
    irq_disable();
    for (;;)
        __asm__ volatile("hlt");
}

void machine_restart(void)
{
    irq_disable();
    if (opt_noreboot)
        pr_err("halted: noreboot\n");
    console_flush();
    if (opt_noreboot)
        stop();
    if (opt_reboot[0] == 'k')
        restart_by_keyboard();
    if (opt_reboot[0] == 'p')
        restart_by_pci();
    if (opt_reboot[0] == 't')
        triple_fault();
    restart_by_acpi();
    restart_by_keyboard();
    restart_by_pci();
    triple_fault();
}

/* Hands the power-management registers over from the firmware, if they are not yet. */
static void enable_acpi(void)
{
    uint16_t port = (uint16_t)machine.pm1a_control.address;

    if ((inw(port) & SCI_ENABLE) || !machine.smi_command || !machine.acpi_enable)
        return;
    outb(machine.smi_command, machine.acpi_enable);
    for (unsigned int i = 0; i < POLLS && !(inw(port) & SCI_ENABLE); i++)
        cpu_relax();
}

static void sleep_by(struct acpi_address control, uint8_t type)
{
    uint16_t port = (uint16_t)control.address;

    if (is_port(control))
        outw(port, (uint16_t)((inw(port) & ~SLEEP_TYPE) | type << 10 | SLEEP_ENABLE));
}

void machine_power_off(void)
{
    irq_disable();
    console_flush();
    if (machine.has_s5 && is_port(machine.pm1a_control)) {
        enable_acpi();
        sleep_by(machine.pm1a_control, machine.s5_type_a);
        sleep_by(machine.pm1b_control, machine.s5_type_b);
        wait_a_moment();
    }
    pr_err("this machine cannot turn itself off: stopped\n");
    console_flush();
    stop();
}
