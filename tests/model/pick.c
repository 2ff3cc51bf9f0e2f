/* SPDX-License-Identifier: MIT */
#include "pick.h"

enum page_type role_of(unsigned int mfn)
{
    static const enum page_type roles[] = { PT_L1, PT_WRITABLE, PT_L2,       PT_L1,
                                            PT_L3, PT_WRITABLE, PT_WRITABLE, PT_L4 };

    return roles[mfn % 8];
}

unsigned int any_frame(void)
{
    return NR_HV + env_random(NR_RAM - NR_HV);
}

/* A frame in that role, of that owner, if luck will have it. */
static unsigned int frame_for(enum page_type role, int owner)
{
    unsigned int mfn = any_frame();

    for (unsigned int i = 0; i < 2 * NR_RAM; i++, mfn = any_frame())
        if (role_of(mfn) == role && env_owner(mfn) == owner)
            break;
    return mfn;
}

unsigned int random_slot(void)
{
    return slots[env_random(NR_SLOTS)];
}

uint64_t random_pte(enum page_type level, int owner)
{
    enum page_type role = level == PT_L1 ? PT_WRITABLE : level - 1;
    unsigned int mfn = env_random(12) ? frame_for(role, owner) : env_random(NR_FRAMES);
    uint64_t pte = PTE_P | PTE_A;

    if (!env_random(4))
        return env_random(2) ? 0 : (uint64_t)env_random(1u << 20) << 1;
    if (level == PT_L1 && !env_random(3)) /* tables are mapped, too, mostly read-only */
        mfn = any_frame();
    else if (env_random(2))
        pte |= PTE_RW;
    if (!env_random(3))
        pte |=
            (PTE_NX | PTE_D | PTE_US | 1ull << 9 | 1ull << 55) & ~0ull >> env_random(12);
    if (!env_random(24))
        pte |= (PTE_PWT | PTE_G | PTE_PSE) & ~(1ull << (3 + env_random(6)));
    if (!env_random(40))
        mfn = FAR_DEVICE;
    return pte | (uint64_t)mfn << PAGE_SHIFT;
}

uint64_t good_pte(enum page_type level, int owner)
{
    enum page_type role = level == PT_L1 ? PT_WRITABLE : level - 1;
    unsigned int mfn = frame_for(role, owner);

    if (env_owner(mfn) != owner || role_of(mfn) != role)
        return 0;
    return (uint64_t)mfn << PAGE_SHIFT | PTE_P | PTE_A | (env_random(2) ? PTE_RW : 0);
}
