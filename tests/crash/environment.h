// Numbers that a test takes from the environment, so that it can run longer or again.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace kith::eventstore {

inline uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace kith::eventstore
