/* SPDX-License-Identifier: MIT */
/* The battery-backed clock: date and time at start-up. */
#include "platform.h"

#include <hv/cpu.h>
#include <hv/lib.h>

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71
#define RTC_SECOND 0
#define RTC_MINUTE 2
#define RTC_HOUR   4
#define RTC_DAY    7
#define RTC_MONTH  8
#define RTC_YEAR   9
#define RTC_A      10
#define RTC_B      11
#define A_UPDATING 0x80
#define B_24_HOURS 0x02
#define B_BINARY   0x04
#define HOUR_PM    0x80
#define MAX_POLLS  10000

struct rtc_time {
    unsigned int second, minute, hour, day, month, year;
};

static __init uint8_t cmos_read(uint8_t reg)
{
    outb(CMOS_INDEX, reg);
    return inb(CMOS_DATA);
}

static __init unsigned int number(uint8_t v, uint8_t mode)
{
    return mode & B_BINARY ? v : (v >> 4) * 10u + (v & 15u);
}

static __init struct rtc_time read_fields(void)
{
    uint8_t mode = cmos_read(RTC_B), hour = cmos_read(RTC_HOUR);
    struct rtc_time t = {
        .second = number(cmos_read(RTC_SECOND), mode),
        .minute = number(cmos_read(RTC_MINUTE), mode),
        .hour = number((uint8_t)(hour & ~HOUR_PM), mode),
        .day = number(cmos_read(RTC_DAY), mode),
        .month = number(cmos_read(RTC_MONTH), mode),
        .year = number(cmos_read(RTC_YEAR), mode),
    };
    unsigned int century = machine.century ? number(cmos_read(machine.century), mode) : 0;

    if (!(mode & B_24_HOURS))
        t.hour = t.hour % 12 + (hour & HOUR_PM ? 12 : 0);
    if (century < 19 || century > 29)
        century = t.year < 70 ? 20 : 19;
    t.year += century * 100;
    return t;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar; years begin in March. */
static __init uint64_t days_since_1970(unsigned int year, unsigned int month,
                                       unsigned int day)
{
    unsigned int y = month > 2 ? year : year - 1;
    unsigned int m = month > 2 ? month - 3 : month + 9;

    return (uint64_t)y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 -
           719468;
}

/* Seconds since 1970; 0 when there is no sensible clock. */
__init uint64_t rtc_read(void)
{
    struct rtc_time t;
    unsigned int polls = 0;

    while ((cmos_read(RTC_A) & A_UPDATING) && polls < MAX_POLLS)
        polls++;
    t = read_fields();
    if (polls == MAX_POLLS || t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31 ||
        t.hour > 23 || t.minute > 59 || t.second > 59 || t.year < 1970)
        return 0;
    return days_since_1970(t.year, t.month, t.day) * 86400 + t.hour * 3600u +
           t.minute * 60u + t.second;
}
