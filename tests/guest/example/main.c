/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a port that has been closed is no port any more.
 * Provocation: an unbound port is closed twice; port 0, which is nobody's, is closed.
 * Expected: 0, then -EINVAL each time.
 *
 * dom0: max_vcpus=1
 */
#include <test.h>

#include <abi/event_channel.h>
#include <mini-os/events.h>

COVERS(event_channel_op, EVTCHNOP_close);

void test_main(void)
{
    int port = event_bind_unbound(DOMID_SELF, NULL, NULL);

    require(port > 0);
    check_eq(event_close(port), 0);
    check_eq(event_close(port), -EINVAL);
    check_eq(event_close(0), -EINVAL);
}
