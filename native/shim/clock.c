#include "clock.h"
#include <linux/time.h>
#include "syscall.h"

static u64 now(u32 clock) {
  s64 time[2] = {0, 0};
  SYS2(clock_gettime, clock, time);
  return (u64)time[0] * 1000000000ul + (u64)time[1];
}

u64 monotonic_ns(void) { return now(CLOCK_MONOTONIC); }
u64 monotonic_ms(void) { return now(CLOCK_MONOTONIC) / 1000000; }
u64 realtime_ns(void) { return now(CLOCK_REALTIME); }

void sleep_ms(u64 ms) {
  s64 time[2] = {(s64)(ms / 1000), (s64)(ms % 1000 * 1000000)};
  SYS2(nanosleep, time, time);
}

// Civil date from days since 1970-01-01 (proleptic Gregorian, eras of 400 years counted from March).
static void add_date(struct text *text, u64 days) {
  u64 shifted = days + 719468;
  u64 era = shifted / 146097, day_of_era = shifted % 146097;
  u64 year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  u64 day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  u64 month_from_march = (5 * day_of_year + 2) / 153;
  u64 month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  add_padded(text, year_of_era + era * 400 + (month <= 2), 4);
  add(text, "-");
  add_padded(text, month, 2);
  add(text, "-");
  add_padded(text, day_of_year - (153 * month_from_march + 2) / 5 + 1, 2);
}

void add_time(struct text *text, u64 realtime, bool trim) {
  u64 seconds = realtime / 1000000000, fraction = realtime % 1000000000, width = 9;
  u64 of_day = seconds % 86400;
  add_date(text, seconds / 86400);
  add(text, "T");
  add_padded(text, of_day / 3600, 2);
  add(text, ":");
  add_padded(text, of_day / 60 % 60, 2);
  add(text, ":");
  add_padded(text, of_day % 60, 2);
  while (trim && width > 0 && fraction % 10 == 0) fraction /= 10, width--;
  if (width > 0) {
    add(text, ".");
    add_padded(text, fraction, (u32)width);
  }
  add(text, "Z");
}
