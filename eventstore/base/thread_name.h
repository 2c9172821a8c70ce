// The calling thread's name as top, gdb and perf show it: which part of Kith is busy, at a glance.
#pragma once

#include <pthread.h>

#include <string>

#include "absl/strings/string_view.h"

namespace kith {

// Linux keeps 15 bytes; a longer name is cut.
inline void NameThisThread(absl::string_view name) {
  constexpr size_t kBytesMax = 15;
  (void)pthread_setname_np(pthread_self(), std::string(name.substr(0, kBytesMax)).c_str());
}

}  // namespace kith
