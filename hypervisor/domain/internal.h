/* SPDX-License-Identifier: MIT */
/* What the files of the domain layer share. */
#ifndef DOMAIN_INTERNAL_H
#define DOMAIN_INTERNAL_H

#include <hv/domain.h>

/* --- table.c --- */
/* Takes *id, or any free one for DOMID_INVALID. 0; -EEXIST; -ENOMEM (or no free id). */
int must_check domain_id_reserve(domid_t *id);
/* From now on d is found under its id. */
void domain_id_publish(struct domain *d);
/* The id is free again. */
void domain_id_release(domid_t id);

/* --- create.c --- */
/* One step further in relinquishing. 0 when all is; -ERESTART. */
int must_check domain_relinquish_parts(struct domain *d);
/* Undoes domain_create() and all vcpu_create(); the last reference has gone. */
void domain_destroy(struct domain *d);

/* --- vcpu_info.c --- */
/* Gives a new vCPU its place in shared_info, or one of its own. 0; -ENOMEM. */
int must_check vcpu_info_init(struct vcpu *v);
void vcpu_info_free(struct vcpu *v);
/* --- shutdown.c --- */
/* SOFTIRQ_RECLAIM's share: tells domain 0 of shutdowns, or ends the machine. */
void domain_report_shutdowns(void);

#endif
