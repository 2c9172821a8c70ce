#include "services/runtime/effects/address_guard.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include <string>

namespace kith::runtime {
namespace {

struct Address {
  explicit Address(const std::string& text) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
      v4.sin_family = AF_INET;
    } else {
      EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr), 1) << text;
      v6.sin6_family = AF_INET6;
    }
  }
  const sockaddr& get() const { return reinterpret_cast<const sockaddr&>(storage); }

  sockaddr_storage storage{};
};

AddressGuard Allowing(std::initializer_list<absl::string_view> texts) {
  std::vector<AddressRange> ranges;
  for (const absl::string_view text : texts) ranges.push_back(*AddressRange::Parse(text));
  return AddressGuard(std::move(ranges));
}

bool MayReach(const AddressGuard& guard, const std::string& text) {
  return guard.MayReach(Address(text).get());
}

TEST(AddressGuard, ReachesThePublicNetwork) {
  const AddressGuard guard = Allowing({});
  for (const char* const text :
       {"1.1.1.1", "8.8.8.8", "93.184.216.34", "9.255.255.255", "11.0.0.0", "126.255.255.255",
        "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
        "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001::200e", "::ffff:8.8.8.8"}) {
    EXPECT_TRUE(MayReach(guard, text)) << text;
  }
}

TEST(AddressGuard, ReachesNothingBehindTheServer) {
  const AddressGuard guard = Allowing({});
  for (const char* const text :
       {"0.0.0.0",         "0.1.2.3",         "10.0.0.0",        "10.255.255.255",
        "100.64.0.0",      "100.100.100.200", "100.127.255.255", "127.0.0.1",
        "127.255.255.255", "168.63.129.16",   "169.254.0.1",     "169.254.169.254",
        "172.16.0.0",      "172.31.255.255",  "192.0.0.170",     "192.0.2.1",
        "192.168.0.0",     "192.168.255.255", "198.18.0.1",      "198.19.255.255",
        "203.0.113.7",     "224.0.0.1",       "239.255.255.255", "240.0.0.1",
        "255.255.255.255"}) {
    EXPECT_FALSE(MayReach(guard, text)) << text;
    EXPECT_FALSE(MayReach(guard, std::string("::ffff:") + text)) << text;
  }
  for (const char* const text : {"::", "::1", "::127.0.0.1", "fc00::1", "fd00:ec2::254", "fdff::",
                                 "fe80::1", "febf::1", "fec0::1", "ff02::1", "64:ff9b::7f00:1",
                                 "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1"}) {
    EXPECT_FALSE(MayReach(guard, text)) << text;
  }
}

TEST(AddressGuard, ReachesWhatItsOperatorAllows) {
  const AddressGuard guard = Allowing({"10.1.0.0/16", "127.0.0.1", "fd00::/9", "0.0.0.0/32"});
  for (const char* const text : {"10.1.0.0", "10.1.255.255", "127.0.0.1", "fd00::1", "fd7f::1",
                                 "::ffff:10.1.2.3", "0.0.0.0", "8.8.8.8"}) {
    EXPECT_TRUE(MayReach(guard, text)) << text;
  }
  for (const char* const text : {"10.0.255.255", "10.2.0.0", "127.0.0.2", "fd80::1", "::1"}) {
    EXPECT_FALSE(MayReach(guard, text)) << text;
  }
  EXPECT_TRUE(guard.IsAllowed(Address("10.1.2.3").get()));
  EXPECT_FALSE(guard.IsAllowed(Address("8.8.8.8").get()));
}

TEST(AddressGuard, ReachesNothingOfAnotherFamily) {
  sockaddr local{};
  local.sa_family = AF_UNIX;
  EXPECT_FALSE(Allowing({"0.0.0.0/0", "::/0"}).MayReach(local));
}

TEST(AddressRange, IsRefusedWhereItIsNone) {
  for (const char* const text : {"", "ten", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                                 "fd00::/129", "10.0.0.0/8/8", "localhost", "10.0.0.0/ 8x"}) {
    EXPECT_FALSE(AddressRange::Parse(text).ok()) << text;
  }
  EXPECT_EQ(AddressRange::Parse("10.0.0.1/8").status().message(),
            "\"10.0.0.1/8\" has bits behind its prefix of 8");
  EXPECT_TRUE(AddressRange::Parse("0.0.0.0/0").ok());
  EXPECT_TRUE(AddressRange::Parse("::/0").ok());
}

}  // namespace
}  // namespace kith::runtime
