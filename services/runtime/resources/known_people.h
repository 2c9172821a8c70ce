// KnownPeople: whom of the contacts there are a person may be.
//
// Addresses and external ids are claimed by all who have them: those are found in the log. Numbers
// and names are claimed since some version only, so who had them until a while ago is found in the
// contacts' directory, and who came since by the claim. Whatever is found, and that nobody else
// came, becomes a condition of the append: of two who bring the same new person at once the second
// decides again, and finds what the first made.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kith/contacts/v1/contact.pb.h"
#include "services/core/decider.h"
#include "services/core/person_identity.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/resources/listed_holders.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

// Borrows the runtime. Immutable; any thread.
class KnownPeople {
 public:
  // While the server starts. Aborts where no resource is "contacts".
  KnownPeople(const std::vector<ResourceType>& types, const Runtime& runtime);

  // Contacts that the caller may not see are none. ERROR_PERMISSION_DENIED where the person is to
  // be found by what the caller may not read (CheckFindsBy), ERROR_VIEW_BEHIND where the contacts'
  // directory is being built, and has to be asked.
  absl::StatusOr<Identity> Identify(Loader& load, const contacts::v1::Contact& person,
                                    const Settings& settings) const;
  // The name under which what comes of the person is recorded on the contact that they are: where
  // the address or id is that of one that was merged into it, that one's, so that it goes with it
  // when it is taken out again.
  absl::StatusOr<std::string> NameFor(runtime::Loader& load, const contacts::v1::Contact& person,
                                      const std::string& contact, const Settings& settings) const;

  // A contact that has a key in common with a person, and the strongest of those keys.
  using Alike = std::vector<IdentityCandidate>;
  // Every contact with one of the person's keys of these kinds, whatever speaks against it: of
  // kEmail, kExternalId and kPhone. Of one number at most some fifty. Errors as above.
  absl::StatusOr<Alike> FindAlike(Loader& load, const contacts::v1::Contact& person,
                                  const Settings& settings,
                                  absl::Span<const IdentityKey> kinds) const;

 private:
  using Known = std::vector<KnownContact>;

  // Adds those that ever claimed the value.
  absl::Status AddClaiming(Loader& load, absl::string_view purpose, const std::string& value,
                           Known& known) const;
  // Adds those that the directory has with that text in a field, and those that claimed the value
  // since.
  absl::Status AddListed(Loader& load, absl::string_view field, absl::string_view text,
                         absl::string_view purpose, const std::string& value, Known& known) const;
  // Adds the contact of this state, where it is there and seen.
  void Add(const Loader& load, const void* state, Known& known) const;

  const ResourceType contacts_;
  const ListedHolders listed_;
};

}  // namespace kith::runtime
