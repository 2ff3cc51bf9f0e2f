/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: sysctl describes the machine: memory, CPUs, nodes, devices, the hypervisor's
 * console.
 * Provocation: each question with room, without, with too little, and at bad addresses;
 * wrong versions and commands.
 * Expected: consistent answers; -EFAULT, -EACCES, -ENOSYS, -EINVAL as they apply.
 *
 *   qemu: -smp 2
 */
#include <builder.h>
#include <test.h>

#include <abi/sysctl.h>
#include <mini-os/time.h>

COVERS(sysctl, XEN_SYSCTL_readconsole, XEN_SYSCTL_physinfo, XEN_SYSCTL_debug_keys,
       XEN_SYSCTL_getcpuinfo, XEN_SYSCTL_availheap, XEN_SYSCTL_cputopoinfo,
       XEN_SYSCTL_numainfo, XEN_SYSCTL_pcitopoinfo, XEN_SYSCTL_get_cpu_levelling_caps);

#define BAD ((void *)0x10)

static struct xen_sysctl op;

static int sysctl(unsigned int cmd)
{
    op.cmd = cmd;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return (int)HYPERVISOR_sysctl(&op);
}

static void check_call(void)
{
    check_eq(HYPERVISOR_sysctl(BAD), -EFAULT);
    op = (struct xen_sysctl){ .cmd = XEN_SYSCTL_physinfo, .interface_version = 0x14 };
    check_eq(HYPERVISOR_sysctl(&op), -EACCES);
    check_eq(sysctl(0), -ENOSYS);
    check_eq(sysctl(999), -ENOSYS);
}

static int read_console(void *to, unsigned int count, unsigned int incremental,
                        unsigned int at)
{
    op.u.readconsole = (struct xen_sysctl_readconsole){
        .incremental = (uint8_t)incremental, .index = at, .count = count
    };
    op.u.readconsole.buffer.p = to;
    return sysctl(XEN_SYSCTL_readconsole);
}

static void check_console(void)
{
    static char text[2][600];

    check_eq(read_console(text[0], 600, 0, 0), 0);
    check_eq(op.u.readconsole.count, 600);
    check_eq(op.u.readconsole.index, 600);
    check_eq(read_console(text[1], 100, 1, 300), 0);
    check_eq(op.u.readconsole.count, 100);
    check_eq(op.u.readconsole.index, 400);
    check(!memcmp(text[0] + 300, text[1], 100), "the same text");
    check_eq(read_console(text[1], 100, 1, 1U << 30), 0); /* no such place: the oldest */
    check_eq(op.u.readconsole.index, 100);
    check_eq(read_console(text[1], 0, 0, 0), 0);
    check_eq(op.u.readconsole.count, 0);
    check_eq(read_console(BAD, 100, 0, 0), -EFAULT);
}

static void check_keys(void)
{
    op.u.debug_keys.nr_keys = 0;
    check_eq(sysctl(XEN_SYSCTL_debug_keys), 0);
    op.u.debug_keys.nr_keys = 1;
    op.u.debug_keys.keys.p = "!"; /* means nothing */
    check_eq(sysctl(XEN_SYSCTL_debug_keys), 0);
    op.u.debug_keys.keys.p = BAD;
    check_eq(sysctl(XEN_SYSCTL_debug_keys), -EFAULT);
}

static void check_physinfo(void)
{
    const struct xen_sysctl_physinfo *info = &op.u.physinfo;

    check_eq(sysctl(XEN_SYSCTL_physinfo), 0);
    check_eq(info->nr_cpus, 2);
    check_eq(info->max_cpu_id, 1);
    check_eq(info->nr_nodes, 1);
    check_eq(info->threads_per_core * info->cores_per_socket, 2);
    check(info->cpu_khz > 1000, "CPU frequency");
    check(info->free_pages > 1000 && info->free_pages < info->total_pages, "memory");
    check(info->max_mfn > info->free_pages, "highest frame");
    check_eq(info->outstanding_pages, 0);
    check_eq(info->capabilities & (XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1),
             XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1);
    check(info->hw_cap[0] & 1, "an FPU");
}

static int heap(int node)
{
    op.u.availheap = (struct xen_sysctl_availheap){ .node = node };
    return sysctl(XEN_SYSCTL_availheap);
}

static void check_heap(void)
{
    uint64_t all;

    check_eq(heap(-1), 0);
    all = op.u.availheap.avail_bytes;
    check(all > 1 << 22, "free memory");
    check_eq(heap(0), 0);
    check_eq(op.u.availheap.avail_bytes, all);
    check_eq(heap(1), 0);
    check_eq(op.u.availheap.avail_bytes, 0);
}

static int cpu_info(void *to, unsigned int room)
{
    op.u.getcpuinfo.max_cpus = room;
    op.u.getcpuinfo.info.p = to;
    return sysctl(XEN_SYSCTL_getcpuinfo);
}

static void check_cpus(void)
{
    xen_sysctl_cpuinfo_t info[8];
    uint64_t idle;

    check_eq(cpu_info(info, 8), 0);
    check_eq(op.u.getcpuinfo.nr_cpus, 2);
    idle = info[0].idletime + info[1].idletime;
    time_sleep(5 * NSEC_PER_MSEC);
    check_eq(cpu_info(info, 8), 0);
    check(info[0].idletime + info[1].idletime >= idle + NSEC_PER_MSEC,
          "idle time goes on");
    check_eq(cpu_info(info, 1), 0);
    check_eq(op.u.getcpuinfo.nr_cpus, 1);
    check_eq(cpu_info(info, 0), 0);
    check_eq(op.u.getcpuinfo.nr_cpus, 0);
    check_eq(cpu_info(BAD, 8), -EFAULT);
}

static int cpu_topology(void *to, unsigned int room)
{
    op.u.cputopoinfo.num_cpus = room;
    op.u.cputopoinfo.cputopo.p = to;
    return sysctl(XEN_SYSCTL_cputopoinfo);
}

static void check_topology(void)
{
    xen_sysctl_cputopo_t topo[8];

    check_eq(cpu_topology(NULL, 0), 0);
    check_eq(op.u.cputopoinfo.num_cpus, 2);
    check_eq(cpu_topology(topo, 8), 0);
    check_eq(op.u.cputopoinfo.num_cpus, 2);
    check_eq(topo[0].node, 0);
    check(topo[0].core != topo[1].core || topo[0].socket != topo[1].socket, "two CPUs");
    check_eq(cpu_topology(topo, 1), 0);
    check_eq(op.u.cputopoinfo.num_cpus, 1);
    check_eq(cpu_topology(BAD, 8), -EFAULT);
}

static int numa(void *memory, void *distance, unsigned int room)
{
    op.u.numainfo.num_nodes = room;
    op.u.numainfo.meminfo.p = memory;
    op.u.numainfo.distance.p = distance;
    return sysctl(XEN_SYSCTL_numainfo);
}

static void check_nodes(void)
{
    xen_sysctl_meminfo_t memory[4];
    uint32_t distance[16];

    check_eq(numa(NULL, NULL, 0), 0);
    check_eq(op.u.numainfo.num_nodes, 1);
    check_eq(numa(memory, distance, 4), 0);
    check_eq(op.u.numainfo.num_nodes, 1);
    check_eq(distance[0], 10);
    check(memory[0].memfree && memory[0].memfree < memory[0].memsize,
          "memory of the node");
    check_eq(numa(memory, NULL, 0), 0);
    check_eq(op.u.numainfo.num_nodes, 0);
    check_eq(numa(BAD, NULL, 4), -EFAULT);
    check_eq(numa(NULL, BAD, 4), -EFAULT);
}

static int pci_topology(void *devices, void *nodes, unsigned int count)
{
    op.u.pcitopoinfo.num_devs = count;
    op.u.pcitopoinfo.devs.p = devices;
    op.u.pcitopoinfo.nodes.p = nodes;
    return sysctl(XEN_SYSCTL_pcitopoinfo);
}

static void check_devices(void)
{
    physdev_pci_device_t dev = { .seg = 9 };
    uint32_t node = 0;

    check_eq(pci_topology(NULL, NULL, 1), -EINVAL);
    check_eq(pci_topology(&dev, NULL, 1), -EINVAL);
    check_eq(pci_topology(&dev, &node, 0), 0);
    check_eq(pci_topology(&dev, &node, 1), 0);
    check_eq(op.u.pcitopoinfo.num_devs, 1);
    check_eq(node, XEN_INVALID_DEV);
    check_eq(pci_topology(BAD, &node, 1), -EFAULT);
    check_eq(pci_topology(&dev, BAD, 1), -EFAULT);
}

void test_main(void)
{
    check_call();
    check_console();
    check_keys();
    check_physinfo();
    check_heap();
    check_cpus();
    check_topology();
    check_nodes();
    check_devices();
    check_eq(sysctl(XEN_SYSCTL_get_cpu_levelling_caps), 0);
}
