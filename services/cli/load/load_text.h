// LoadText: text of random words, about as compressible as a note somebody wrote.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace kith::cli {

// The words are the same in every program; which of them follow each other depends on the seed. One
// thread at a time.
class LoadText {
 public:
  explicit LoadText(uint64_t seed) : random_(seed) {}

  // Exactly `bytes` long; it may end within a word.
  std::string Make(size_t bytes);

 private:
  std::mt19937_64 random_;
};

}  // namespace kith::cli
