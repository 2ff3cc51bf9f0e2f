/* SPDX-License-Identifier: MIT */
/* Calls that an attack leaves out. Needs the ABI's sched.h, vcpu.h and event_channel.h. */
#ifndef HOSTILE_SUICIDE_H
#define HOSTILE_SUICIDE_H

/* Whether the call would most likely end the guest and nothing else. */
static inline bool is_suicide(unsigned long number, unsigned int command)
{
    switch (number) {
    case __HYPERVISOR_iret:
    case __HYPERVISOR_set_callbacks:
    case __HYPERVISOR_set_trap_table:
    case __HYPERVISOR_set_gdt:
    case __HYPERVISOR_stack_switch:
    case __HYPERVISOR_set_segment_base:
    case __HYPERVISOR_fpu_taskswitch:
    case __HYPERVISOR_callback_op:
    case __HYPERVISOR_multicall: /* what the list says is not known */
        return true;
    case __HYPERVISOR_sched_op_compat:
    case __HYPERVISOR_sched_op:
        return command != SCHEDOP_yield; /* a poll lasts as long as its random timeout */
    case __HYPERVISOR_vcpu_op:
        return command == VCPUOP_down || command == VCPUOP_register_vcpu_info ||
               command == VCPUOP_register_runstate_memory_area;
    case __HYPERVISOR_event_channel_op:
        return command == EVTCHNOP_reset || command == EVTCHNOP_close;
    }
    return false;
}

#endif
