// AddressGuard: which addresses the server connects to at the word of a caller: those of the public
// network, and those that its operator allows. Whoever names an address must not reach through the
// server what they do not reach themselves: loopback, private networks, what a cloud tells its
// machines.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith::runtime {

// Addresses that begin with the same bits: "10.1.0.0/16", "fd00::/8", "192.0.2.7". IPv4 is kept as
// what IPv6 maps it to.
class AddressRange {
 public:
  using Bytes = std::array<uint8_t, 16>;

  // InvalidArgument: no address, or bits beyond the prefix.
  static absl::StatusOr<AddressRange> Parse(absl::string_view text);

  bool Has(const Bytes& address) const;

 private:
  AddressRange(const Bytes& first, int bits) : first_(first), bits_(bits) {}

  Bytes first_;
  int bits_;
};

// Immutable; any thread.
class AddressGuard {
 public:
  explicit AddressGuard(std::vector<AddressRange> allowed) : allowed_(std::move(allowed)) {}

  // The operator names it.
  bool IsAllowed(const sockaddr& address) const;
  // It is of the public network, or allowed.
  bool MayReach(const sockaddr& address) const;

 private:
  const std::vector<AddressRange> allowed_;
};

}  // namespace kith::runtime
