// Load subjects: the contacts and deals that a load's calls are about.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/deals/v1/deal.pb.h"
#include "services/cli/load/load_kind.h"

namespace kith::cli {

// The address that the bench's contact of this number has, from 0.
std::string AddressOfContact(int number);

// Makes the bench's contacts, or finds those that an earlier run made: they are the same in every
// run against one server.
absl::StatusOr<std::vector<std::string>> MakeContacts(
    const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel);

// The contacts there are at the target's moment, at most 1,000. FailedPrecondition where there are
// none.
absl::StatusOr<std::vector<contacts::v1::Contact>> FindContacts(
    const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel);

// The same of deals.
absl::StatusOr<std::vector<deals::v1::Deal>> FindDeals(
    const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel);

// The open deals of the default pipeline, at most 100,000: those that can be moved about.
// FailedPrecondition where there are none.
absl::StatusOr<std::vector<deals::v1::Deal>> FindOpenDeals(
    const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel);

}  // namespace kith::cli
