#include "eventstore/base/ulid.h"

#include <algorithm>
#include <cstring>

#include "eventstore/base/check.h"

namespace kith {
namespace {

constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// Adds one to a big-endian number; false when it overflows.
bool Increment(unsigned char* bytes, size_t size) {
  for (size_t i = size; i-- > 0;) {
    if (++bytes[i] != 0) return true;
  }
  return false;
}

constexpr int kTimeChars = 10;

uint64_t MillisOf(absl::Time time) {
  return static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixMillis(time)));
}

void WriteTime(uint64_t ms, std::string* text) {
  for (int i = kTimeChars - 1; i >= 0; --i, ms >>= 5) (*text)[i] = kAlphabet[ms & 31];
}

// Ten characters of time, sixteen of entropy: five bits a character, most significant first.
std::string Encode(uint64_t ms, const unsigned char* entropy) {
  std::string text(26, '0');
  WriteTime(ms, &text);
  for (int half = 0; half < 2; ++half) {
    uint64_t bits = 0;
    for (int i = 0; i < 5; ++i) bits = bits << 8 | entropy[half * 5 + i];
    for (int i = 7; i >= 0; --i, bits >>= 5) text[10 + half * 8 + i] = kAlphabet[bits & 31];
  }
  return text;
}

}  // namespace

std::string UlidGenerator::Next() {
  const uint64_t now_ms = MillisOf(clock_.Now());
  MutexLock lock(mutex_);
  if (now_ms > last_ms_) {
    last_ms_ = now_ms;
    random_.Fill(entropy_, sizeof entropy_);
  } else if (!Increment(entropy_, sizeof entropy_)) {
    ++last_ms_;
  }
  return Encode(last_ms_, entropy_);
}

bool IsUlid(absl::string_view text) {
  return text.size() == 26 && text[0] <= '7' && std::all_of(text.begin(), text.end(), [](char c) {
           return c != '\0' && std::strchr(kAlphabet, c) != nullptr;
         });
}

std::string UlidAt(absl::Time time, absl::string_view id) {
  KITH_CHECK(IsUlid(id));
  std::string text(id);
  WriteTime(MillisOf(time), &text);
  return text;
}

absl::Time TimeOfUlid(absl::string_view id) {
  KITH_CHECK(IsUlid(id));
  uint64_t ms = 0;
  for (char c : id.substr(0, kTimeChars))
    ms = ms << 5 | static_cast<uint64_t>(std::strchr(kAlphabet, c) - kAlphabet);
  return absl::FromUnixMillis(static_cast<int64_t>(ms));
}

}  // namespace kith
