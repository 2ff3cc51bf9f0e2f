/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU areas. The boot CPU's is the linked section itself; every other CPU gets a copy
 * of the section as it was linked, which is put aside before anything has run.
 */
#include "internal.h"

#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/cpumask.h>

DEFINE_PER_CPU(unsigned int, cpu_id);

static uintptr_t boot_cpu_offset[1];
uintptr_t *percpu_offset = boot_cpu_offset;

__init void percpu_save_template(void)
{
    memcpy(__percpu_template, __percpu_start, (size_t)(__percpu_end - __percpu_start));
}

/* The area of one more CPU; its distance from the linked section. */
static __init uintptr_t new_area(unsigned int cpu)
{
    size_t size = (size_t)(__percpu_end - __percpu_start);
    char *area = hv_zalloc(size);

    if (!area)
        boot_fail("out of memory: per-CPU area of CPU %u", cpu);
    memcpy(area, __percpu_template, size);
    return (uintptr_t)area - (uintptr_t)__percpu_start;
}

__init void percpu_init(void)
{
    uintptr_t *offset = hv_zalloc_array(nr_cpus, sizeof(*offset));

    if (!offset)
        boot_fail("out of memory: per-CPU table");
    for (unsigned int cpu = 1; cpu < nr_cpus; cpu++)
        offset[cpu] = new_area(cpu);
    percpu_offset = offset;
    for (unsigned int cpu = 1; cpu < nr_cpus; cpu++)
        per_cpu(cpu_id, cpu) = cpu;
}
