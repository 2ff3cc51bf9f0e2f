/* SPDX-License-Identifier: MIT */
/* nmi_op: the older spelling of callback_op for CALLBACKTYPE_nmi. */
#include <hv/hypercall.h>

int nmi_op_register(xennmi_callback_t *arg)
{
    callback_register_t cb = { .type = CALLBACKTYPE_nmi,
                               .address = arg->handler_address };

    return callback_op_register(&cb);
}

int nmi_op_unregister(void)
{
    callback_unregister_t cb = { .type = CALLBACKTYPE_nmi };

    return callback_op_unregister(&cb);
}
