// KITH_CHECK: our own invariants. A failed check is a bug in Kith, never bad input: it names the
// place and aborts the process, because continuing could write a wrong event. Input, disk and
// network failures are absl::Status.
#pragma once

namespace kith {

[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace kith

#define KITH_CHECK(condition)                   \
  (__builtin_expect(!!(condition), 1) ? (void)0 \
                                      : ::kith::CheckFailed(__FILE__, __LINE__, #condition))
// Where no control flow leads: behind a switch that covers its enum.
#define KITH_UNREACHABLE() ::kith::CheckFailed(__FILE__, __LINE__, "unreachable")
