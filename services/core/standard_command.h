// StandardCommand: what a standard method (AIP-133 to 135, 164) does to a resource, the same for
// every one of them but for its ResourceRules.
//
// A command is decided in two steps, because what must be known of other records follows from what
// it makes of the resource: Plan says what would change and names those records, Decide says
// whether they allow it. Pure; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "services/core/acyclic_links.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/links.h"
#include "services/core/resource_name.h"
#include "services/core/resource_rules.h"

namespace kith {

enum class StandardMethod {
  kCreate,    // its request has the resource, and where clients choose ids, its `<resource>_id`
  kUpdate,    // the resource with its name and maybe its etag, `update_mask`, and where it may
              // create, `allow_missing`
  kDelete,    // `name` and `etag`
  kUndelete,  // the same
};

template <class Resource>
ResourceNow NowOf(const ResourceState<Resource>& state) {
  return {state.lifecycle, &state.resource};
}

// What a command would change. Made by Plan, for Decide.
struct ResourceChange {
  // A value that no other live resource may have; or that another must have, for this one gives it
  // up.
  struct Unique {
    const ClaimRule* rule;
    size_t index;  // of the rule's values
    std::string value;
    bool is_given_up = false;
  };

  StandardMethod method;  // of an update that creates: kCreate
  std::string name;
  bool is_any = false;        // something changes at all
  std::vector<Claim> claims;  // that are taken or released
  // To records that the resource begins to name; of one that comes back, those of its held links.
  Links links;
  std::vector<AcyclicLink> acyclic;  // those that begin to lead elsewhere
  std::vector<Unique> unique;
  std::unique_ptr<google::protobuf::Message> after;  // links point into it
  google::protobuf::FieldMask changed;               // of an update
  // Of an update: the name it was asked for under, where that is one of another that was merged
  // into the resource; else empty.
  std::string origin = {};
};

// For each of ResourceChange::unique, those that ever claimed the value.
using Holders = std::vector<std::vector<ResourceNow>>;

class StandardCommand {
 public:
  // Borrows the rules and what the server has. Aborts where the request has not the fields of such
  // a method.
  StandardCommand(const ResourceRules& rules, StandardMethod method,
                  const google::protobuf::Descriptor& request, const ServerFacts& facts);

  StandardMethod method() const { return method_; }
  // The resource that the request is about; empty where it gets its id from us or is not named.
  std::string NameIn(const google::protobuf::Message& request) const;

  // An update that makes what is missing (AIP-134, allow_missing): it finds its resource by what
  // identifies it, or where clients choose ids by its name.
  bool MayCreate(const google::protobuf::Message& request) const;
  // Whether it comes into being by this request.
  bool Creates(const ResourceNow& now, const google::protobuf::Message& request) const;
  // The values it says it is identified by, and for those that say any, of which claim they are.
  const ClaimRule& identity() const { return rules_.claims[rules_.identity_claim]; }
  std::vector<std::string> IdentityIn(const google::protobuf::Message& request) const;
  // The name of the one that it is about, of those that ever claimed one of the values; empty where
  // it comes into being. ERROR_MATCHES_SEVERAL where there are several, the one it names among
  // them, ERROR_MATCHES_DELETED where the one that there was is deleted.
  absl::StatusOr<std::string> Match(const google::protobuf::Message& request,
                                    const std::vector<ResourceNow>& holders) const;
  // The one that it was about, when it is done; `holders`, at least one, stand in the order in
  // which they claimed last.
  const ResourceNow& Matched(const google::protobuf::Message& request,
                             const std::vector<ResourceNow>& holders) const;

  // Another resource that the one which comes into being does so in, or the claim of those beside
  // which it does, as ResourceRules::within says; empty where there is none. `now` is absent where
  // nothing was found.
  std::string WithinOf(const ResourceNow& now, const google::protobuf::Message& request) const;

  // `now` is absent where the request names nothing, or matched none; `within` is the state of
  // what WithinOf names.
  absl::StatusOr<ResourceChange> Plan(const ResourceNow& now, const void* within,
                                      const google::protobuf::Message& request,
                                      const CommandContext& context) const;
  // Names the resource after the records that it begins to name, as NamedAfterRule says; `linked`
  // are those of the change's links as they are.
  void TakeNames(const std::vector<ResourceNow>& linked, ResourceChange& change) const;
  // `linked` are the states of the change's links.
  Decision Decide(ResourceChange change, LinkedRecords linked, const Holders& holders,
                  const CommandContext& context) const;

 private:
  absl::StatusOr<ResourceChange> PlanCreate(const void* within,
                                            const google::protobuf::Message& request,
                                            const CommandContext& context) const;
  absl::StatusOr<ResourceChange> PlanUpdate(const google::protobuf::Message& before,
                                            const google::protobuf::Message& request,
                                            const CommandContext& context) const;
  // Also of what is undone.
  ResourceChange PlanDelete(const google::protobuf::Message& before,
                            const CommandContext& context) const;
  // An update that creates has the rules of creation, and a name that a client may choose.
  absl::Status CheckNew(const google::protobuf::Message& request) const;
  // It comes back, without those of its held links that are to be emptied; not to a user who was
  // deleted.
  Decision DecideUndelete(ResourceChange change, LinkedRecords linked,
                          const CommandContext& context) const;
  bool Holds(const ResourceNow& holder, const std::vector<std::string>& values) const;
  // Completes and checks what became of `before`, and names what must be known.
  absl::Status Finish(const google::protobuf::Message& before, const CommandContext& context,
                      ResourceChange& change) const;
  // Whether the caller may name these records.
  absl::Status Authorise(const Links& links, LinkedRecords linked, const Grants* grants) const;
  // Whether no other has the value, or where it is given up, some other has it.
  absl::Status CheckHolders(const ResourceChange::Unique& unique, absl::string_view name,
                            const std::vector<ResourceNow>& holders) const;
  void FindClaims(const ClaimValues& before, const ClaimValues& after,
                  const CommandContext& context, ResourceChange& change) const;
  std::unique_ptr<google::protobuf::Message> WantedIn(
      const google::protobuf::Message& request) const;
  const google::protobuf::FieldMask& MaskIn(const google::protobuf::Message& request) const;
  std::string TextIn(const google::protobuf::Message& message,
                     const google::protobuf::FieldDescriptor* field) const;

  const ResourceRules& rules_;
  const ServerFacts& facts_;
  const StandardMethod method_;
  const ResourcePattern name_pattern_;
  // Of the request; null where it has none.
  const google::protobuf::FieldDescriptor* resource_ = nullptr;
  const google::protobuf::FieldDescriptor* mask_ = nullptr;
  const google::protobuf::FieldDescriptor* allow_missing_ = nullptr;
  const google::protobuf::FieldDescriptor* name_ = nullptr;
  const google::protobuf::FieldDescriptor* etag_ = nullptr;
  const google::protobuf::FieldDescriptor* id_ = nullptr;
  // Of the resource.
  const google::protobuf::FieldDescriptor* own_name_;
  const google::protobuf::FieldDescriptor* own_etag_;
};

}  // namespace kith
