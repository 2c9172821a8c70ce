// What the crash writer appends and the crash test expects: a load that both can work out from the
// number of a request.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/eventstore/log/log_fixture.h"

namespace kith::eventstore {

inline constexpr uint32_t kCrashWorkspaces = 3;
inline constexpr char kCrashMethod[] = "kith.test.v1.Crash/Append";

inline std::string CrashRequestId(uint64_t number) { return absl::StrCat("request-", number); }

// One to three streams of one workspace, one to four events each, some with personal fields and a
// tag.
inline Append CrashAppend(uint64_t number) {
  Append append;
  append.workspace = WorkspaceId(static_cast<uint32_t>(1 + number % kCrashWorkspaces));
  append.request = {kCrashMethod, CrashRequestId(number), TagOf(CrashRequestId(number))};
  for (uint64_t s = 0; s <= number % 3; ++s) {
    const std::string stream = absl::StrCat("contacts/", (number * 7 + s) % 50);
    append.streams.push_back({stream, {}});
    for (uint64_t e = 0; e <= (number / 3) % 4; ++e) {
      NewEvent event = Event(absl::StrCat(number, " ", s, " ", e, std::string(number % 700, '.')));
      if (e == 0) {
        event.personal.push_back({stream, absl::StrCat("secret of ", number)});
        event.tags = {TagOf(absl::StrCat("tag ", number % 11))};
      }
      append.streams.back().events.push_back(std::move(event));
    }
  }
  return append;
}

}  // namespace kith::eventstore
