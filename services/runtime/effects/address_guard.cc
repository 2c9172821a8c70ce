#include "services/runtime/effects/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"

namespace kith::runtime {
namespace {

using Bytes = AddressRange::Bytes;

constexpr int kBits = 128;
constexpr int kMappedBits = 96;  // what IPv4 is mapped with

Bytes Mapped(const void* v4) {
  Bytes bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::memcpy(bytes.data() + kMappedBits / 8, v4, 4);
  return bytes;
}

std::optional<Bytes> BytesOf(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    return Mapped(&reinterpret_cast<const sockaddr_in&>(address).sin_addr);
  }
  if (address.sa_family != AF_INET6) return std::nullopt;
  Bytes bytes;
  std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr,
              bytes.size());
  return bytes;
}

std::vector<AddressRange> Ranges(std::initializer_list<absl::string_view> texts) {
  std::vector<AddressRange> ranges;
  for (const absl::string_view text : texts) {
    auto range = AddressRange::Parse(text);
    KITH_CHECK(range.ok());
    ranges.push_back(*range);
  }
  return ranges;
}

bool HasAny(const std::vector<AddressRange>& ranges, const Bytes& address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const AddressRange& range) { return range.Has(address); });
}

// Of IPv4 all but these is public; of IPv6 only 2000::/3 is, but for these.
bool IsPublic(const Bytes& address) {
  static const auto& special = *new std::vector<AddressRange>(
      Ranges({"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
              "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
              "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
              "168.63.129.16",  // what one cloud tells its machines
              // Teredo and benchmarks, documentation, and 6to4, which hides an IPv4 address.
              "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"}));
  static const auto& open = *new std::vector<AddressRange>(Ranges({"0.0.0.0/0", "2000::/3"}));
  return HasAny(open, address) && !HasAny(special, address);
}

}  // namespace

absl::StatusOr<AddressRange> AddressRange::Parse(absl::string_view text) {
  const absl::Status malformed = absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no address or range like 10.1.0.0/16 or fd00::/8"));
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Bytes bytes{};
  in_addr v4{};
  int mapped = 0;
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) {
    bytes = Mapped(&v4);
    mapped = kMappedBits;
  } else if (inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) {
    return malformed;
  }
  int bits = kBits - mapped;
  if (slash != text.npos &&
      (!absl::SimpleAtoi(text.substr(slash + 1), &bits) || bits < 0 || bits > kBits - mapped)) {
    return malformed;
  }
  const AddressRange range(bytes, bits + mapped);
  Bytes begin{};
  for (int bit = 0; bit < range.bits_; ++bit) {
    begin[bit / 8] = static_cast<uint8_t>(begin[bit / 8] | (bytes[bit / 8] & (0x80 >> bit % 8)));
  }
  if (begin != bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" has bits behind its prefix of ", bits));
  }
  return range;
}

bool AddressRange::Has(const Bytes& address) const {
  const auto whole = static_cast<size_t>(bits_ / 8);
  if (std::memcmp(address.data(), first_.data(), whole) != 0) return false;
  const int rest = bits_ % 8;
  return rest == 0 || (address[whole] ^ first_[whole]) >> (8 - rest) == 0;
}

bool AddressGuard::IsAllowed(const sockaddr& address) const {
  const std::optional<Bytes> bytes = BytesOf(address);
  return bytes.has_value() && HasAny(allowed_, *bytes);
}

bool AddressGuard::MayReach(const sockaddr& address) const {
  const std::optional<Bytes> bytes = BytesOf(address);
  return bytes.has_value() && (IsPublic(*bytes) || HasAny(allowed_, *bytes));
}

}  // namespace kith::runtime
