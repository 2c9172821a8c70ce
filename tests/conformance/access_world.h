// AccessWorld: a server in which somebody has each built-in role, here and in another workspace;
// records of every kind that has owners, of whomever; and the smallest requests that name them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kith/roles/v1/role.pb.h"
#include "services/core/access.h"
#include "tests/conformance/references.h"
#include "tests/conformance/world.h"

namespace kith::testing {

// Whose record somebody asks about. One of another workspace is somebody else's, who has the role
// there.
enum class Whose { kOwn, kTeams, kOthers, kOwnDeleted, kTeamsDeleted, kOthersDeleted, kElsewheres };
inline constexpr Whose kAllWhose[] = {
    Whose::kOwn,          Whose::kTeams,         Whose::kOthers,    Whose::kOwnDeleted,
    Whose::kTeamsDeleted, Whose::kOthersDeleted, Whose::kElsewheres};
absl::string_view NameOf(Whose whose);

// A user with one built-in role.
struct RoleUser {
  const roles::v1::Role* role;
  RoleGrants grants;
  std::string user;
  std::string key;
  std::string key_elsewhere;  // of a user with the role in another workspace

  Scope ScopeOf(const std::string& permission) const {
    return kith::ScopeOf(grants.permissions, permission);
  }
};

class AccessWorld {
 public:
  AccessWorld();

  // In the order of the roles: who may do everything comes first.
  const std::vector<RoleUser>& users() const { return users_; }
  static const std::string& KeyOf(const RoleUser& user, Whose whose) {
    return whose == Whose::kElsewheres ? user.key_elsewhere : user.key;
  }

  // Such a record, or what stands under it; the same until it is forgotten. Empty where there can
  // be none. Whose a record is that only the server gives to somebody is nobody's.
  std::string RecordOf(const Reference& reference, Whose whose, const RoleUser& user);
  // A name that stands for none.
  static std::string NobodyOf(const Reference& reference);
  // As small as may be: with what the rules of the fields ask for, which are the user's own records
  // where somebody owns them.
  MessagePtr RequestOf(const MethodDescriptor& method, const Reference& reference,
                       const RoleUser& user);
  // It was changed by the user, and maybe what is their own.
  void Forget(const std::string& name, const RoleUser& user);

  World world{*KindOf("contacts/{contact}")};

 private:
  RoleUser Join(const roles::v1::Role& role, const std::string& operator_elsewhere);
  std::string CreateUser(const std::string& secret, const std::string& role,
                         const std::string& team);
  std::string CreateKey(const std::string& secret, const std::string& user);
  void FindStage();
  void CreateSite();

  std::string Make(const Kind& kind, const std::string& owner);
  std::string MakeDelivery();
  std::string MakeBelow(const std::string& record, const std::string& below);

  void Fill(Message& message, const RoleUser& user);
  void FillOne(Message& message, const FieldDescriptor& field, const RoleUser& user);
  // Makes it an update of one field.
  void FillUpdate(Message& update);
  std::string Linked(const options::v1::FieldRules& rules, const RoleUser& user);

  std::string team_;
  std::string colleague_;  // in the team
  std::string stranger_;
  std::string stage_;
  std::string site_;
  std::vector<RoleUser> users_;
  std::map<std::string, std::string> records_;  // by kind, what stands below, owner and deletion
  std::map<const Kind*, std::string> shared_;   // of kinds without owners
  std::map<const Kind*, MessagePtr> samples_;
  int next_ = 100;
};

}  // namespace kith::testing
